import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEngineError } from '../base/errors.ts';
import { type CgroupLayout, hierarchyOf, parseLayout } from './cgroup-layout.ts';

const CGROUPS =
  '#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\ncpuacct\t1\t1\t1\nmemory\t2\t1\t1\n';

const mount = (point: string, type: string, options: string): string =>
  `30 20 0:30 / ${point} rw,nosuid - ${type} ${type} ${options}\n`;

const cpu = { mountPoint: '/sys/fs/cgroup/cpu,cpuacct', controllers: ['cpu', 'cpuacct'] };
const systemd = { mountPoint: '/sys/fs/cgroup/systemd', controllers: ['name=systemd'] };

const ROWS: { name: string; in: string; want: CgroupLayout }[] = [
  {
    name: 'v2',
    in: mount('/sys/fs/cgroup', 'cgroup2', 'rw,nsdelegate'),
    want: { version: 2, mountPoint: '/sys/fs/cgroup', controllers: ['cpu', 'memory'] },
  },
  {
    name: 'v1',
    in:
      mount(cpu.mountPoint, 'cgroup', 'rw,cpu,cpuacct') +
      mount(systemd.mountPoint, 'cgroup', 'rw,xattr,name=systemd'),
    want: { version: 1, hierarchies: [cpu, systemd], unified: undefined },
  },
  {
    name: 'hybrid',
    in: mount(cpu.mountPoint, 'cgroup', 'rw,cpu,cpuacct') + mount('/sys/fs/cgroup/unified', 'cgroup2', 'rw'),
    want: { version: 1, hierarchies: [cpu], unified: '/sys/fs/cgroup/unified' },
  },
  {
    name: 'mounted a second time elsewhere',
    in: mount(cpu.mountPoint, 'cgroup', 'rw,cpu,cpuacct') + mount('/run/x', 'cgroup', 'rw,cpu,cpuacct'),
    want: { version: 1, hierarchies: [cpu], unified: undefined },
  },
];

for (const row of ROWS) {
  test(`cgroup layout: ${row.name}`, () => {
    assert.deepEqual(
      parseLayout(row.in, CGROUPS, () => ['cpu', 'memory']),
      row.want,
    );
  });
}

test('cgroup layout: none mounted', () => {
  assert.throws(
    () => parseLayout(mount('/proc', 'proc', 'rw'), CGROUPS, () => []),
    (error) => isEngineError(error, 'unavailable'),
  );
});

test('cgroup layout: controllers that share a tree', () => {
  const layout: CgroupLayout = { version: 1, hierarchies: [cpu], unified: undefined };
  assert.equal(hierarchyOf(layout, 'cpuacct'), cpu);
  assert.equal(hierarchyOf(layout, 'memory'), undefined);
});

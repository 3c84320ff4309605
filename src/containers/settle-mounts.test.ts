import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../base/errors.ts';
import { DEFAULT_HOST_CONFIG, type HostConfigInput, type MountRequest } from './host-config.ts';
import { settleMounts } from './settle-mounts.ts';

const settle = (input: HostConfigInput) => settleMounts({ ...DEFAULT_HOST_CONFIG, ...input });
const mount = (request: Partial<MountRequest>): MountRequest => ({
  type: 'bind',
  source: '/src',
  target: '/dst',
  readOnly: false,
  consistency: '',
  ...request,
});

const binds: {
  spec: string;
  want: { source: string; destination: string; rw: boolean; propagation: string };
}[] = [
  { spec: '/a:/b', want: { source: '/a', destination: '/b', rw: true, propagation: '' } },
  { spec: '/a:/b:ro', want: { source: '/a', destination: '/b', rw: false, propagation: '' } },
  { spec: '/a:/b:rw,z,rshared', want: { source: '/a', destination: '/b', rw: true, propagation: 'rshared' } },
  { spec: '/a/../c//:/b/./d/', want: { source: '/c', destination: '/b/d', rw: true, propagation: '' } },
];

for (const { spec, want } of binds) {
  test(`-v ${spec}`, () => {
    const [found] = settle({ binds: [spec] });
    assert.ok(found?.type === 'bind');
    const { source, destination, rw, bind } = found;
    assert.deepEqual({ source, destination, rw, propagation: bind.propagation }, want);
    assert.equal(bind.createMountpoint, true);
  });
}

const refused: {
  name: string;
  input: HostConfigInput;
  kind: 'invalid' | 'not-implemented';
  message: RegExp;
}[] = [
  {
    name: 'no destination',
    input: { binds: ['/a'] },
    kind: 'invalid',
    message: /^invalid volume specification: '\/a'$/,
  },
  {
    name: 'a mode as destination',
    input: { binds: ['/a:ro'] },
    kind: 'invalid',
    message: /^invalid volume specification: '\/a:ro'$/,
  },
  {
    name: 'four parts',
    input: { binds: ['/a:/b:ro:x'] },
    kind: 'invalid',
    message: /^invalid volume specification/,
  },
  {
    name: 'an unknown mode',
    input: { binds: ['/a:/b:quick'] },
    kind: 'invalid',
    message: /^invalid mode: quick$/,
  },
  {
    name: 'both modes',
    input: { binds: ['/a:/b:ro,rw'] },
    kind: 'invalid',
    message: /^invalid mode: ro,rw$/,
  },
  {
    name: 'a relative destination',
    input: { binds: ['/a:b'] },
    kind: 'invalid',
    message: /mount path must be absolute$/,
  },
  {
    name: 'the root',
    input: { binds: ['/a:/x/..'] },
    kind: 'invalid',
    message: /destination can't be '\/'$/,
  },
  {
    name: 'a named volume',
    input: { binds: ['data:/b'] },
    kind: 'not-implemented',
    message: /^HostConfig\.Binds: named volume "data"/,
  },
  {
    name: 'a relative source',
    input: { binds: ['./a:/b'] },
    kind: 'invalid',
    message: /If you intended to pass a host directory, use absolute path$/,
  },
  {
    name: 'one place twice',
    input: { binds: ['/a:/b', '/c:/b/'] },
    kind: 'invalid',
    message: /^Duplicate mount point: \/b$/,
  },
  {
    name: 'one place by two ways',
    input: { binds: ['/a:/b'], tmpfs: { '/b': '' } },
    kind: 'invalid',
    message: /^Duplicate mount point: \/b$/,
  },
  {
    name: '--mount without source',
    input: { mounts: [mount({ source: '' })] },
    kind: 'invalid',
    message: /^invalid mount config for type "bind": field Source must not be empty$/,
  },
  {
    name: '--mount without target',
    input: { mounts: [mount({ target: '' })] },
    kind: 'invalid',
    message: /field Target must not be empty$/,
  },
  {
    name: '--mount of a volume',
    input: { mounts: [mount({ type: 'volume' })] },
    kind: 'not-implemented',
    message: /^HostConfig\.Mounts: type "volume" at \/dst/,
  },
  {
    name: '--mount of an unknown type',
    input: { mounts: [mount({ type: 'x' })] },
    kind: 'invalid',
    message: /^invalid mount config for type "x": mount type unknown$/,
  },
  {
    name: 'tmpfs with a source',
    input: { mounts: [mount({ type: 'tmpfs' })] },
    kind: 'invalid',
    message: /field Source must not be specified$/,
  },
  {
    name: 'options of another type',
    input: { mounts: [mount({ tmpfsOptions: { sizeBytes: 0, mode: 0, options: [] } })] },
    kind: 'invalid',
    message: /^invalid mount config for type "bind": field TmpfsOptions must not be specified$/,
  },
];

for (const { name, input, kind, message } of refused) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => settle(input),
      (error) => isEngineError(error, kind) && message.test(error.message),
    );
  });
}

test('parents come first', () => {
  const order = settle({ binds: ['/a:/x/y/z', '/b:/x'], tmpfs: { '/x/y': 'size=1m,ro' } });
  assert.deepEqual(
    order.map(({ destination }) => destination),
    ['/x', '/x/y', '/x/y/z'],
  );
  assert.equal(order[1]?.rw, false);
});

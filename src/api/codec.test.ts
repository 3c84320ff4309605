import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_HOST_CONFIG } from '../containers/host-config.ts';
import { decodeConfig, encodeConfig } from './container-codec.ts';
import { hostConfig } from './host-config-codec.ts';

test('config: keys of any case, a string for a list, sets, nulls', () => {
  const config = decodeConfig({
    image: 'busybox',
    Cmd: 'true',
    ExposedPorts: { '80/tcp': {} },
    Entrypoint: null,
    Unknown: 1,
  });
  assert.deepEqual(config, { image: 'busybox', cmd: ['true'], exposedPorts: ['80/tcp'] });
});

const bad = [
  { name: 'wrong type', in: { Cmd: 5 }, want: /Cmd: expected array, got number/ },
  { name: 'inside a list', in: { Env: ['A=1', 2] }, want: /Env\[1\]: expected string/ },
  {
    name: 'nested',
    in: { Healthcheck: { Interval: 'soon' } },
    want: /Healthcheck\.Interval: expected integer/,
  },
  { name: 'not an object', in: 'x', want: /request body: expected object, got string/ },
];
for (const row of bad) {
  test(`config refused: ${row.name}`, () =>
    assert.throws(() => decodeConfig(row.in), { kind: 'invalid', message: row.want }));
}

test('config: what goes out comes back', () => {
  const sent = {
    Image: 'x',
    Cmd: ['a'],
    Labels: { a: 'b' },
    Volumes: { '/v': {} },
    StopTimeout: 3,
    Tty: true,
  };
  const encoded = encodeConfig(decodeConfig(sent));
  assert.deepEqual(decodeConfig(encoded), decodeConfig({ ...Object(encoded), ...sent }));
});

test("host config: what goes out comes back, defaults are Docker's", () => {
  const sent = {
    Memory: 6 << 20,
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: 8080 }] },
    RestartPolicy: { Name: '' },
    Mounts: [{ Type: 'bind', Source: '/a', Target: '/b', BindOptions: { Propagation: 'rslave' } }],
  };
  const decoded = hostConfig.decode(sent, 'HostConfig');
  assert.deepEqual(decoded.portBindings, { '80/tcp': [{ hostIp: '', hostPort: '8080' }] });
  const encoded = hostConfig.encode({ ...DEFAULT_HOST_CONFIG, ...decoded }) as Record<string, unknown>;
  assert.equal(encoded['Binds'], null);
  assert.deepEqual(encoded['Dns'], []);
  assert.deepEqual(encoded['RestartPolicy'], { Name: 'no', MaximumRetryCount: 0 });
  assert.deepEqual(hostConfig.decode(encoded, ''), {
    ...hostConfig.decode(hostConfig.encode(DEFAULT_HOST_CONFIG), ''),
    ...decoded,
  });
});

test('host config refused: unknown restart policy', () => {
  assert.throws(() => hostConfig.decode({ RestartPolicy: { Name: 'sometimes' } }, 'HostConfig'), {
    kind: 'invalid',
    message: /unknown policy/,
  });
});

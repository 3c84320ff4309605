import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkHistory, type ImageConfig, MAX_CONFIG_SIZE, parseImageConfig } from './config.ts';
import { imageConfigJson } from './config-json.ts';

const DIFF = `sha256:${'a'.repeat(64)}`;

function parse(json: object): ImageConfig {
  return parseImageConfig(
    JSON.stringify({ rootfs: { type: 'layers', diff_ids: [DIFF] }, ...json }),
    'config',
  );
}

test('everything Docker and OCI say about an image is read', () => {
  const config = parse({
    architecture: 'arm64',
    variant: 'v8',
    os: 'linux',
    created: '2024-02-03T04:05:06.123456789Z',
    author: 'me',
    comment: 'nice',
    docker_version: '28.0.1',
    config: {
      User: '1000:100',
      ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
      Env: ['A=1', 'B='],
      Entrypoint: ['/entry'],
      Cmd: ['serve'],
      Volumes: { '/var/lib/x': {}, '/data': {} },
      WorkingDir: '/srv',
      Labels: { a: 'b', __proto__x: 'y' },
      OnBuild: ['RUN x'],
      StopSignal: 'SIGINT',
      StopTimeout: 30,
      Healthcheck: { Test: ['CMD', 'true'], Interval: 5_000_000_000, Retries: 3 },
      Shell: ['/bin/bash', '-c'],
      ArgsEscaped: true,
      Hostname: 'ignored',
    },
    history: [
      { created: '2024-02-03T04:05:06Z', created_by: 'ADD x' },
      { empty_layer: true, comment: 'c' },
    ],
  });
  assert.deepEqual(config, {
    platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
    createdAt: '2024-02-03T04:05:06.123456789Z',
    author: 'me',
    comment: 'nice',
    dockerVersion: '28.0.1',
    defaults: {
      user: '1000:100',
      exposedPorts: ['443/tcp', '80/tcp'],
      env: ['A=1', 'B='],
      entrypoint: ['/entry'],
      cmd: ['serve'],
      volumes: ['/data', '/var/lib/x'],
      workingDir: '/srv',
      labels: { a: 'b', __proto__x: 'y' },
      onBuild: ['RUN x'],
      stopSignal: 'SIGINT',
      stopTimeout: 30,
      healthcheck: {
        test: ['CMD', 'true'],
        interval: 5_000_000_000,
        timeout: 0,
        startPeriod: 0,
        startInterval: 0,
        retries: 3,
      },
      shell: ['/bin/bash', '-c'],
      argsEscaped: true,
    },
    diffIds: [DIFF],
    history: [
      { createdAt: '2024-02-03T04:05:06Z', createdBy: 'ADD x', author: '', comment: '', emptyLayer: false },
      { createdBy: '', author: '', comment: 'c', emptyLayer: true },
    ],
  });
  assert.deepEqual(parseImageConfig(imageConfigJson(config), 'again'), config);
  assert.equal(imageConfigJson(parseImageConfig(imageConfigJson(config), 'again')), imageConfigJson(config));
});

test('what is missing or null has its default', () => {
  const config = parse({ config: { Env: null, Cmd: null, Labels: null, Volumes: null }, history: null });
  assert.deepEqual(config.defaults, {
    user: '',
    exposedPorts: [],
    env: [],
    volumes: [],
    workingDir: '',
    labels: {},
    onBuild: [],
    argsEscaped: false,
  });
  assert.equal(parse({ created: '0001-01-01T00:00:00Z' }).createdAt, undefined);
  assert.deepEqual(parse({ config: { Cmd: [] } }).defaults.cmd, []);
});

test('malformed configs are refused, naming the field', () => {
  const rows: { name: string; in: object; want: RegExp }[] = [
    {
      name: 'no rootfs',
      in: { rootfs: undefined },
      want: /^config: rootfs: expected an object, got nothing/,
    },
    {
      name: 'rootfs type',
      in: { rootfs: { type: 'zip' } },
      want: /rootfs\.type: expected "layers", got "zip"/,
    },
    {
      name: 'diff id',
      in: { rootfs: { diff_ids: ['md5:1'] } },
      want: /rootfs\.diff_ids\[0\]: invalid digest/,
    },
    { name: 'env', in: { config: { Env: 'A=1' } }, want: /config\.Env: expected an array, got "A=1"/ },
    { name: 'env item', in: { config: { Env: [1] } }, want: /config\.Env\[0\]: expected a string/ },
    { name: 'NUL in env', in: { config: { Env: ['A=1\0B=2'] } }, want: /Env\[0\]: contains a NUL/ },
    { name: 'NUL in a volume', in: { config: { Volumes: { '/a\0': {} } } }, want: /Volumes: contains a NUL/ },
    { name: 'created', in: { created: 'yesterday' }, want: /created: "yesterday" is not an RFC 3339 time/ },
    { name: 'history', in: { history: [[]] }, want: /history\[0\]: expected an object/ },
    {
      name: 'flag',
      in: { history: [{ empty_layer: 1 }] },
      want: /empty_layer: expected true or false, got 1/,
    },
    {
      name: 'health',
      in: { config: { Healthcheck: { Retries: 1.5 } } },
      want: /Healthcheck\.Retries: expected an integer/,
    },
    {
      name: 'many layers',
      in: { rootfs: { diff_ids: Array(4097).fill(DIFF) } },
      want: /4097 entries \(at most 4096/,
    },
  ];
  for (const row of rows) {
    assert.throws(() => parse(row.in), { kind: 'invalid', message: row.want }, row.name);
  }
});

test('CVE-2022-23648: an image volume cannot lead out of the root', () => {
  for (const volume of ['/../../var/lib/kubelet', '..', '/a/../../b', 'a/..']) {
    assert.throws(() => parse({ config: { Volumes: { [volume]: {} } } }), {
      kind: 'invalid',
      message: /Volumes\[.*\]: "\.\." is not allowed/,
    });
  }
  assert.deepEqual(parse({ config: { Volumes: { '/a..b/..c': {} } } }).defaults.volumes, ['/a..b/..c']);
});

test('CVE-2026-53488: labels are text and nothing else', () => {
  const hostile = { 'containerd.io/x': '$(id)', 'a\nb': '"; rm -rf /', constructor: 'x', toString: 'y' };
  assert.deepEqual(parse({ config: { Labels: hostile } }).defaults.labels, hostile);
  for (const value of [1, null, ['a'], { a: 'b' }]) {
    assert.throws(() => parse({ config: { Labels: { key: value } } }), {
      kind: 'invalid',
      message: /config\.Labels\["key"\]: expected a string/,
    });
  }
});

test('CVE-2023-25153: a config is bounded in size', () => {
  assert.throws(() => parseImageConfig(' '.repeat(MAX_CONFIG_SIZE + 1), 'config'), {
    kind: 'invalid',
    message: /config: larger than 8388608 bytes/,
  });
});

test('a history with more layers than there are is refused', () => {
  const history = [{}, {}, { empty_layer: true }];
  assert.throws(() => checkHistory(parse({ history }), 'config'), {
    message: 'config: history: 2 entries with a layer, but rootfs.diff_ids has 1',
  });
  checkHistory(parse({ history: [{}, { empty_layer: true }] }), 'config');
  checkHistory(parse({}), 'config');
});

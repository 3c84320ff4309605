import assert from 'node:assert/strict';
import test from 'node:test';
import { type ErrorKind, isEngineError } from '../base/errors.ts';
import { checkConfig } from './check-config.ts';
import { checkHostConfig } from './check-host-config.ts';
import type { ContainerConfigInput } from './config.ts';
import { DEFAULT_HOST_CONFIG, type HostConfigInput } from './host-config.ts';
import { refuseUnsupported } from './refuse.ts';

const MB = 1 << 20;

function check(config: ContainerConfigInput, input: HostConfigInput) {
  const host = { ...DEFAULT_HOST_CONFIG, networkMode: 'none', ...input };
  checkConfig(config);
  refuseUnsupported(config, host);
  return checkHostConfig(config, host);
}

const HEALTH = { interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 };

const refused: {
  name: string;
  config?: ContainerConfigInput;
  host?: HostConfigInput;
  message: string;
  kind?: ErrorKind;
}[] = [
  {
    name: 'oom score',
    host: { oomScoreAdj: 1001 },
    message: 'Invalid value 1001, range for oom score adj is [-1000, 1000]',
  },
  {
    name: 'auto-remove with restart',
    host: { autoRemove: true, restartPolicy: { name: 'always', maximumRetryCount: 0 } },
    message: "can't create 'AutoRemove' container with restart policy",
  },
  {
    name: 'retries of always',
    host: { restartPolicy: { name: 'always', maximumRetryCount: 2 } },
    message: "invalid restart policy: maximum retry count can only be used with 'on-failure'",
  },
  {
    name: 'a joined network and a hostname',
    config: { hostname: 'x' },
    host: { networkMode: 'container:y' },
    message: 'conflicting options: hostname and the network mode',
  },
  {
    name: 'a joined network and dns',
    host: { networkMode: 'container:y', dns: ['1.1.1.1'] },
    message: 'conflicting options: dns and the network mode',
  },
  {
    name: 'a joined network of nobody',
    host: { networkMode: 'container:' },
    message: 'invalid container format container:<name|id>',
  },
  {
    name: 'host UTS and a hostname',
    config: { hostname: 'x' },
    host: { utsMode: 'host' },
    message: 'conflicting options: hostname and the UTS mode',
  },
  {
    name: 'a dns server that is no address',
    host: { dns: ['dns.test'] },
    message: 'invalid IP address in HostConfig.Dns: dns.test',
  },
  {
    name: 'an extra host without address',
    host: { extraHosts: ['x'] },
    message: 'bad format for add-host: "x"',
  },
  {
    name: 'an extra host with a bad one',
    host: { extraHosts: ['x:y'] },
    message: 'invalid IP address in add-host: "y"',
  },
  { name: 'pid mode', host: { pidMode: 'private' }, message: 'invalid PID mode: private' },
  { name: 'ipc mode', host: { ipcMode: 'mine' }, message: 'invalid IPC mode: mine' },
  {
    name: 'log driver',
    host: { logConfig: { type: 'fluffy', config: {} } },
    message: "logger: no log driver named 'fluffy' is registered",
  },
  {
    name: 'log option',
    host: { logConfig: { type: 'json-file', config: { 'max-siez': '1m' } } },
    message: "unknown log opt 'max-siez' for json-file log driver",
  },
  { name: 'environment', config: { env: ['=x'] }, message: 'invalid environment variable: =x' },
  {
    name: 'working directory',
    config: { workingDir: 'tmp' },
    message: "the working directory 'tmp' is invalid, it needs to be an absolute path",
  },
  { name: 'stop signal', config: { stopSignal: 'SIGNOPE' }, message: 'invalid signal: SIGNOPE' },
  {
    name: 'port',
    config: { exposedPorts: ['http'] },
    message: 'invalid port specification: "http": expected PORT/PROTO',
  },
  {
    name: 'health interval',
    config: { healthcheck: { test: [], ...HEALTH, interval: 5 } },
    message: 'Interval in Healthcheck cannot be less than 1ms',
  },
  {
    name: 'a GPU',
    host: {
      deviceRequests: [{ driver: '', count: -1, deviceIds: [], capabilities: [['gpu']], options: {} }],
    },
    message: 'HostConfig.DeviceRequests: could not select device driver "" with capabilities: [["gpu"]]',
    kind: 'not-implemented',
  },
  {
    name: 'an anonymous volume',
    config: { volumes: ['/data'] },
    message:
      'Config.Volumes /data: this version has no anonymous volumes; name a host directory: -v /HOST/DIR:/DIR',
    kind: 'not-implemented',
  },
  {
    name: 'a shared IPC namespace',
    host: { ipcMode: 'shareable' },
    message:
      'HostConfig.IpcMode shareable: IPC namespaces are not shared between containers; use private, none or host',
    kind: 'not-implemented',
  },
  {
    name: 'links',
    host: { links: ['a:b'] },
    message: 'HostConfig.Links: legacy links are not supported',
    kind: 'not-implemented',
  },
  {
    name: 'volumes of another',
    host: { volumesFrom: ['a'] },
    message: 'HostConfig.VolumesFrom: this version has no volumes',
    kind: 'not-implemented',
  },
];

for (const { name, config = {}, host = {}, message, kind = 'invalid' } of refused) {
  test(`create refuses ${name}`, () => {
    assert.throws(
      () => check(config, host),
      (error) => {
        assert.ok(isEngineError(error, kind), String(error));
        assert.equal(error.message, message);
        return true;
      },
    );
  });
}

test('an ordinary request passes', () => {
  const checked = check(
    { hostname: 'web', env: ['A=1', 'B'], exposedPorts: ['80/tcp'], stopSignal: 'QUIT' },
    {
      memory: 64 * MB,
      nanoCpus: 5e8,
      dns: ['fd00::1'],
      extraHosts: ['a:192.0.2.1', 'b:[::1]'],
      ipcMode: 'none',
    },
  );
  assert.deepEqual(checked, {
    network: { kind: 'none' },
    log: { driver: 'json-file', maxSize: 0, maxFiles: 1, attributes: { labels: [], env: [] } },
    warnings: [],
  });
});

test('published ports that lead nowhere are worth a warning', () => {
  const ports = { portBindings: { '80/tcp': [{ hostIp: '', hostPort: '80' }] } };
  assert.deepEqual(check({}, { ...ports, networkMode: 'host' }).warnings, [
    'Published ports are discarded when using host network mode',
  ]);
});

for (const [config, want] of [
  [
    { 'max-size': '10m', 'max-file': '3' },
    { driver: 'json-file', maxSize: 10 * MB, maxFiles: 3 },
  ],
  [{ 'max-size': '1k' }, { driver: 'json-file', maxSize: 1024, maxFiles: 1 }],
] as const) {
  test(`log options ${JSON.stringify(config)}`, () => {
    const { log } = check({}, { logConfig: { type: '', config } });
    assert.deepEqual(log, { attributes: { labels: [], env: [] }, ...want });
  });
}

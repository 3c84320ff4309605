import { EngineError } from '../base/errors.ts';
import {
  type ContainerConfig,
  type ContainerConfigInput,
  DEFAULT_CONFIG,
  type HealthConfig,
} from '../containers/config.ts';
import {
  boolean,
  type Codec,
  integer,
  list,
  omitEmpty,
  partial,
  set,
  string,
  stringMap,
  withDefaults,
  words,
} from './codec.ts';

const healthConfig: Codec<HealthConfig> = withDefaults<HealthConfig>(
  {
    test: ['Test', omitEmpty(list(string))],
    interval: ['Interval', omitEmpty(integer)],
    timeout: ['Timeout', omitEmpty(integer)],
    startPeriod: ['StartPeriod', omitEmpty(integer)],
    startInterval: ['StartInterval', omitEmpty(integer)],
    retries: ['Retries', omitEmpty(integer)],
  },
  { test: [], interval: 0, timeout: 0, startPeriod: 0, startInterval: 0, retries: 0 },
);

/** Docker's container `Config` (Engine API 1.51, ContainerConfig). */
export const containerConfig: Codec<ContainerConfigInput> = partial<ContainerConfig>({
  hostname: ['Hostname', string],
  domainname: ['Domainname', string],
  user: ['User', string],
  attachStdin: ['AttachStdin', boolean],
  attachStdout: ['AttachStdout', boolean],
  attachStderr: ['AttachStderr', boolean],
  exposedPorts: ['ExposedPorts', set(undefined)],
  tty: ['Tty', boolean],
  openStdin: ['OpenStdin', boolean],
  stdinOnce: ['StdinOnce', boolean],
  env: ['Env', list(string, [])],
  cmd: ['Cmd', words, null],
  healthcheck: ['Healthcheck', healthConfig],
  image: ['Image', string],
  volumes: ['Volumes', set(null), null],
  workingDir: ['WorkingDir', string],
  entrypoint: ['Entrypoint', words, null],
  networkDisabled: ['NetworkDisabled', omitEmpty(boolean)],
  macAddress: ['MacAddress', omitEmpty(string)],
  onBuild: ['OnBuild', list(string), null],
  labels: ['Labels', stringMap],
  stopSignal: ['StopSignal', string],
  stopTimeout: ['StopTimeout', integer],
  shell: ['Shell', omitEmpty(words)],
});

/** A stored or image config as Docker's JSON. */
export function encodeConfig(config: ContainerConfigInput): unknown {
  return containerConfig.encode({ ...DEFAULT_CONFIG, ...config });
}

/** The `Config` part of a create or commit body. Throws `invalid` naming the field. */
export function decodeConfig(body: unknown): ContainerConfigInput {
  if (body === undefined) {
    throw new EngineError('invalid', 'config cannot be empty in order to create a container');
  }
  return containerConfig.decode(body, '');
}

import { EngineError } from '../base/errors.ts';
import {
  type ContainerConfig,
  type ContainerConfigInput,
  DEFAULT_CONFIG,
  type HealthConfig,
} from './config.ts';

/** What an image says about its containers: the part of its config that a container inherits. */
export type ImageDefaults = Partial<
  Pick<
    ContainerConfig,
    | 'user'
    | 'exposedPorts'
    | 'env'
    | 'cmd'
    | 'entrypoint'
    | 'volumes'
    | 'workingDir'
    | 'labels'
    | 'stopSignal'
    | 'healthcheck'
    | 'shell'
  >
>;

/**
 * The user's wishes over the image's defaults, with Docker's rules: a command given without entrypoint keeps the
 * image's entrypoint, an entrypoint drops the image's command, variables and labels of the user win.
 * Throws `invalid` when nothing is left to run.
 */
export function mergeImage(input: ContainerConfigInput, image: ImageDefaults): ContainerConfig {
  const { cmd, entrypoint } = mergeCommand(input, image);
  const healthcheck = mergeHealth(input.healthcheck, image.healthcheck);
  const stopSignal = input.stopSignal || image.stopSignal;
  const { cmd: _cmd, entrypoint: _entrypoint, healthcheck: _health, stopSignal: _signal, ...rest } = input;
  return {
    ...DEFAULT_CONFIG,
    ...rest,
    user: input.user || image.user || '',
    exposedPorts: union(input.exposedPorts, image.exposedPorts),
    env: mergeEnv(input.env ?? [], image.env ?? []),
    volumes: union(input.volumes, image.volumes),
    workingDir: input.workingDir || image.workingDir || '',
    labels: { ...image.labels, ...input.labels },
    ...(cmd && { cmd }),
    ...(entrypoint && { entrypoint }),
    ...(healthcheck && { healthcheck }),
    ...(stopSignal && { stopSignal }),
  };
}

function mergeCommand(
  input: ContainerConfigInput,
  image: ImageDefaults,
): Pick<ContainerConfigInput, 'cmd' | 'entrypoint'> {
  const given = input.entrypoint ?? [];
  const cmd = given.length === 0 && (input.cmd ?? []).length === 0 ? image.cmd : input.cmd;
  const entrypoint = input.entrypoint === undefined ? image.entrypoint : input.entrypoint;
  const cleared = entrypoint?.length === 1 && entrypoint[0] === '';
  const command = [...(cleared ? [] : (entrypoint ?? [])), ...(cmd ?? [])];
  if (command.length === 0) throw new EngineError('invalid', 'no command specified');
  return { ...(cmd && { cmd }), ...(entrypoint && !cleared && entrypoint.length > 0 && { entrypoint }) };
}

function union(a: readonly string[] = [], b: readonly string[] = []): string[] {
  return [...new Set([...a, ...b])].sort();
}

/** A bare `NAME` of the user's hides the image's variable. */
function mergeEnv(user: readonly string[], image: readonly string[]): string[] {
  const names = new Set(user.map(nameOf));
  return [...user, ...image.filter((entry) => !names.has(nameOf(entry)))];
}

function nameOf(entry: string): string {
  return entry.split('=', 1)[0] ?? '';
}

function mergeHealth(
  user: HealthConfig | undefined,
  image: HealthConfig | undefined,
): HealthConfig | undefined {
  if (!user || !image) return user ?? image;
  return {
    test: user.test.length > 0 ? user.test : image.test,
    interval: user.interval || image.interval,
    timeout: user.timeout || image.timeout,
    startPeriod: user.startPeriod || image.startPeriod,
    startInterval: user.startInterval || image.startInterval,
    retries: user.retries || image.retries,
  };
}

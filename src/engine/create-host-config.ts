import { EngineError } from '../base/errors.ts';
import { DEFAULT_HOST_CONFIG, type HostConfig, type HostConfigInput } from '../containers/host-config.ts';
import { containerOf } from '../containers/namespace-mode.ts';
import type { Engine } from './engine.ts';

/** Name of the one runtime there is, for HostConfig.Runtime and `info`. */
export const RUNTIME = 'gantry';

/**
 * The host part of a request with the daemon's defaults filled in, as `inspect` will show it. A namespace of another
 * container is named by its ID from here on. Errors: `not-found` (such a container), `invalid` (runtime).
 */
export function settleHostConfig(engine: Engine, input: HostConfigInput): HostConfig {
  const host = { ...DEFAULT_HOST_CONFIG, ...input };
  if (host.runtime !== '' && host.runtime !== RUNTIME) {
    throw new EngineError('invalid', `unknown or invalid runtime name: ${host.runtime}`);
  }
  const { logDriver, logOpts, shmSize } = engine.config;
  return {
    ...host,
    logConfig:
      host.logConfig.type === ''
        ? { type: logDriver, config: { ...logOpts, ...host.logConfig.config } }
        : host.logConfig,
    networkMode: withId(engine, host.networkMode),
    ipcMode: withId(engine, host.ipcMode) || 'private',
    pidMode: withId(engine, host.pidMode),
    cgroupnsMode: host.cgroupnsMode || defaultCgroupns(engine),
    shmSize: host.shmSize || shmSize,
    runtime: host.runtime || RUNTIME,
    memorySwap: host.memorySwap === 0 && host.memory > 0 ? host.memory * 2 : host.memorySwap,
  };
}

function withId(engine: Engine, mode: string): string {
  const ref = containerOf(mode);
  return ref === undefined ? mode : `container:${engine.containers.resolve(ref).id}`;
}

/** dockerd's default. */
function defaultCgroupns(engine: Engine): string {
  return engine.host.cgroups.version === 2 ? 'private' : 'host';
}

import { EngineError } from '../base/errors.ts';
import { containerOf } from '../containers/namespace-mode.ts';
import type { ContainerRecord } from '../containers/record.ts';
import { isAlive } from '../containers/state.ts';
import type { IpcMode, NamespaceMode, NamespaceSettings } from '../runtime/settings.ts';
import type { Engine } from './engine.ts';

/** The namespaces a container makes, shares with the host, or joins. Errors: `not-found`, `conflict` (not running). */
export function namespaceSettings(
  engine: Engine,
  { config, hostConfig }: ContainerRecord,
): NamespaceSettings {
  const none = hostConfig.networkMode === 'none' || config.networkDisabled;
  return {
    network: none ? { kind: 'private' } : namespaceMode(engine, hostConfig.networkMode, 'net', 'network'),
    pid: namespaceMode(engine, hostConfig.pidMode, 'pid', 'PID'),
    uts: namespaceMode(engine, hostConfig.utsMode, 'uts', 'UTS'),
    cgroup: namespaceMode(engine, hostConfig.cgroupnsMode, 'cgroup', 'cgroup'),
    ipc: ipcMode(hostConfig.ipcMode),
  };
}

function namespaceMode(engine: Engine, mode: string, file: string, name: string): NamespaceMode {
  if (mode === 'host') return { kind: 'host' };
  const ref = containerOf(mode);
  if (ref === undefined) return { kind: 'private' };
  return { kind: 'path', path: `/proc/${pidOf(engine, ref, name)}/ns/${file}` };
}

function ipcMode(mode: string): IpcMode {
  return mode === 'none' || mode === 'host' ? { kind: mode } : { kind: 'private' };
}

/** The init process of a running container whose namespace is joined. */
function pidOf(engine: Engine, ref: string, name: string): number {
  const { id, state } = engine.containers.resolve(ref);
  if (isAlive(state)) return state.pid;
  throw new EngineError('conflict', `cannot join ${name} of a non running container: ${id}`);
}

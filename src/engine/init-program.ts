import { accessSync, constants } from 'node:fs';
import { EngineError } from '../base/errors.ts';
import type { HostConfig } from '../containers/host-config.ts';
import type { DaemonConfig } from './daemon-config.ts';

/** Where distributions put a static init for containers. */
const CANDIDATES = [
  '/usr/libexec/docker/docker-init',
  '/usr/libexec/docker-init',
  '/usr/bin/docker-init',
  '/usr/bin/tini-static',
  '/usr/local/bin/tini-static',
];

/** The host's init program for `--init`; `undefined` when none was asked for. Throws `not-implemented` when the host has none. */
export function initProgram(config: DaemonConfig, host: HostConfig): string | undefined {
  if (!(host.init ?? config.init)) return undefined;
  const found = CANDIDATES.find(isExecutable);
  if (found !== undefined) return found;
  throw new EngineError(
    'not-implemented',
    `HostConfig.Init: this host has no init program for containers; install docker-init (or tini-static) at one of ${CANDIDATES.join(', ')}`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

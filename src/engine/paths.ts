import { join } from 'node:path';
import type { ContainerId } from '../containers/record.ts';

/** Where things of a container lie; see docs/architecture.md, "On disk". */
export interface Paths {
  /** All containers' directories. */
  readonly containers: string;
  /** All containers' run directories. */
  readonly runs: string;
}

export function enginePaths(dataRoot: string, runRoot: string): Paths {
  return { containers: join(dataRoot, 'containers'), runs: join(runRoot, 'c') };
}

/** Files of a container that live as long as it does. */
export interface ContainerPaths {
  readonly dir: string;
  readonly bundle: string;
  readonly hostname: string;
  readonly hosts: string;
  readonly resolvConf: string;
  readonly log: string;
  /** Sockets, pids and exit records of one run. */
  readonly run: string;
}

export function containerPaths(paths: Paths, id: ContainerId): ContainerPaths {
  const dir = join(paths.containers, id);
  return {
    dir,
    bundle: join(dir, 'config.json'),
    hostname: join(dir, 'hostname'),
    hosts: join(dir, 'hosts'),
    resolvConf: join(dir, 'resolv.conf'),
    log: join(dir, `${id}-json.log`),
    run: join(paths.runs, id),
  };
}

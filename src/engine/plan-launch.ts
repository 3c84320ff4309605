import { mkdirSync } from 'node:fs';
import { type CheckedLog, checkLogConfig } from '../containers/check-log.ts';
import type { ContainerConfig } from '../containers/config.ts';
import { logAttributes } from '../containers/log-attributes.ts';
import { containerOf } from '../containers/namespace-mode.ts';
import type { ContainerRecord } from '../containers/record.ts';
import type { ShimLog } from '../kernel/shim-create.ts';
import { ROOTFS } from '../runtime/bundle.ts';
import { settleResources } from '../runtime/check-resources.ts';
import { buildSpec } from '../runtime/default-spec.ts';
import type { ContainerToLaunch } from '../runtime/launch.ts';
import { makeBindSources } from './bind-sources.ts';
import { containerSettings } from './container-settings.ts';
import type { Engine } from './engine.ts';
import { prepareEtcFiles } from './etc-files.ts';
import { initProgram } from './init-program.ts';
import { namespaceSettings } from './joined-namespaces.ts';
import { containerPaths } from './paths.ts';

/**
 * Settles all that a launch needs and the record leaves open: namespaces of other containers, sources of mounts, the files
 * in /etc, the limits this host can keep. Errors: `invalid`, `conflict` (a container to be joined does not run).
 */
export async function planLaunch(engine: Engine, record: ContainerRecord): Promise<ContainerToLaunch> {
  const { config, hostConfig } = record;
  const paths = containerPaths(engine.paths, record.id);
  const hostname = effectiveHostname(engine, record);
  const namespaces = namespaceSettings(engine, record);
  await makeBindSources(record.mounts);
  mkdirSync(paths.dir, { recursive: true, mode: 0o710 });
  const settings = containerSettings(record, {
    config: engine.config,
    hostname,
    namespaces,
    ownMounts: prepareEtcFiles(engine, record, hostname),
    initPath: initProgram(engine.config, hostConfig),
  });
  const { resources } = settleResources(settings.resources, engine.host);
  const log = shimLog(checkLogConfig(hostConfig.logConfig), paths.log, config);
  return {
    id: record.id,
    bundle: paths.dir,
    runDir: paths.run,
    spec: buildSpec({ ...settings, resources }, engine.specHost, ROOTFS),
    rootfs: engine.snapshots.mounts(record.id),
    user: config.user,
    groupAdd: hostConfig.groupAdd,
    stdin: stdinOf(config),
    ...(log && { log }),
  };
}

/** One that joins another's network goes by that one's name. */
function effectiveHostname(engine: Engine, { config, hostConfig }: ContainerRecord): string {
  const joined = containerOf(hostConfig.networkMode);
  return joined === undefined ? config.hostname : engine.containers.resolve(joined).config.hostname;
}

function stdinOf({ openStdin, stdinOnce }: ContainerConfig): ContainerToLaunch['stdin'] {
  if (!openStdin) return 'none';
  return stdinOnce ? 'once' : 'open';
}

function shimLog(log: CheckedLog, path: string, config: ContainerConfig): ShimLog | undefined {
  if (log.driver === 'none') return undefined;
  const attrs = logAttributes(log.attributes, config);
  return {
    path,
    maxSize: log.maxSize,
    maxFiles: log.maxFiles,
    ...(attrs && { attrs: JSON.stringify(attrs) }),
  };
}

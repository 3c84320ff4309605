import type { HostConfig } from '../containers/host-config.ts';
import type { MountPoint } from '../containers/mount-point.ts';
import { type ContainerRecord, commandOf } from '../containers/record.ts';
import type {
  ContainerSettings,
  MountSettings,
  NamespaceSettings,
  ProcessSettings,
  Propagation,
  Ulimit,
} from '../runtime/settings.ts';
import type { DaemonConfig } from './daemon-config.ts';

/** What settling a container's settings needs beyond its record. */
export interface SettingsContext {
  readonly config: DaemonConfig;
  readonly hostname: string;
  readonly namespaces: NamespaceSettings;
  /** Mounts of our own: /etc/hostname and its like. One of the user's on the same place wins. */
  readonly ownMounts: readonly MountSettings[];
  /** Program for `--init`, when asked for. */
  readonly initPath: string | undefined;
}

/** A container's record, in the runtime's terms. */
export function containerSettings(record: ContainerRecord, context: SettingsContext): ContainerSettings {
  const { config, hostConfig } = record;
  const mounts = record.mounts.map(mountSettings);
  const taken = new Set(mounts.map(({ target }) => target));
  return {
    id: record.id,
    process: processSettings(record, context.initPath),
    hostname: context.hostname,
    domainname: config.domainname,
    namespaces: context.namespaces,
    security: {
      privileged: hostConfig.privileged,
      capAdd: hostConfig.capAdd,
      capDrop: hostConfig.capDrop,
      securityOpt: securityOptions(hostConfig, context.config),
      ...(hostConfig.maskedPaths && { maskedPaths: hostConfig.maskedPaths }),
      ...(hostConfig.readonlyPaths && { readonlyPaths: hostConfig.readonlyPaths }),
    },
    mounts: [...context.ownMounts.filter(({ target }) => !taken.has(target)), ...mounts],
    readonlyRootfs: hostConfig.readonlyRootfs,
    shmSize: hostConfig.shmSize,
    devices: { devices: hostConfig.devices, cgroupRules: hostConfig.deviceCgroupRules },
    sysctls: hostConfig.sysctls,
    ulimits: ulimits(hostConfig.ulimits, context.config.ulimits),
    resources: hostConfig,
    cgroupParent: hostConfig.cgroupParent || context.config.cgroupParent,
    annotations: hostConfig.annotations,
  };
}

function processSettings(
  { config, hostConfig }: ContainerRecord,
  initPath: string | undefined,
): ProcessSettings {
  const [height, width] = hostConfig.consoleSize;
  return {
    args: commandOf(config),
    env: config.env,
    cwd: config.workingDir,
    user: config.user,
    groupAdd: hostConfig.groupAdd,
    tty: config.tty,
    ...(height > 0 && width > 0 && { consoleSize: { height, width } }),
    ...(initPath !== undefined && { initPath }),
    oomScoreAdj: hostConfig.oomScoreAdj,
  };
}

/** The daemon's `no-new-privileges` holds unless the container says otherwise. */
function securityOptions(host: HostConfig, config: DaemonConfig): readonly string[] {
  return config.noNewPrivileges ? ['no-new-privileges', ...host.securityOpt] : host.securityOpt;
}

/** The daemon's limits, each overridden by the container's of the same name. */
function ulimits(own: readonly Ulimit[], defaults: readonly Ulimit[]): Ulimit[] {
  const named = new Set(own.map(({ name }) => name));
  return [...defaults.filter(({ name }) => !named.has(name)), ...own];
}

function mountSettings(mount: MountPoint): MountSettings {
  if (mount.type === 'tmpfs') {
    const { sizeBytes, mode } = mount.tmpfs;
    return {
      kind: 'tmpfs',
      target: mount.destination,
      options: mount.rw || mount.options.includes('ro') ? mount.options : [...mount.options, 'ro'],
      ...(sizeBytes > 0 && { size: sizeBytes }),
      ...(mode > 0 && { mode }),
    };
  }
  const { propagation, nonRecursive, readOnlyForceRecursive, readOnlyNonRecursive } = mount.bind;
  return {
    kind: 'bind',
    source: mount.source,
    target: mount.destination,
    readonly: !mount.rw,
    ...(isPropagation(propagation) && { propagation }),
    nonRecursive,
    readonlyRecursion: readOnlyForceRecursive ? 'force' : readOnlyNonRecursive ? 'top-only' : 'if-possible',
  };
}

function isPropagation(text: string): text is Propagation {
  return text !== '';
}

import { join, normalize } from 'node:path/posix';
import { EngineError } from '../base/errors.ts';
import { DEFAULT_APPARMOR_PROFILE } from './apparmor-profile.ts';
import { capabilitySets, tweakCapabilities } from './capabilities.ts';
import { defaultMounts, initWrapping } from './default-mounts.ts';
import { DEFAULT_READONLY_PATHS, defaultMaskedPaths } from './default-paths.ts';
import { deviceAccess } from './devices.ts';
import { containerEnvironment } from './environment.ts';
import type { HostFacts } from './host.ts';
import type { HostLookups } from './host-lookups.ts';
import { namespacesOf } from './namespaces.ts';
import { resourcesOf } from './resources.ts';
import { rlimitsOf } from './rlimits.ts';
import { DEFAULT_PROFILE } from './seccomp/default-profile.ts';
import { parseProfile } from './seccomp/parse-profile.ts';
import { resolveProfile } from './seccomp/resolve.ts';
import { parseSecurityOptions, type SeccompChoice, type SecurityOptions } from './security-opt.ts';
import type { ContainerSettings } from './settings.ts';
import type { Linux, Mount, Process, Seccomp, Spec } from './spec.ts';
import { checkSysctls, DEFAULT_NETWORK_SYSCTLS } from './sysctls.ts';
import { rootPropagation, userMounts } from './user-mounts.ts';

export const OCI_VERSION = '1.2.0';
const DEFAULT_CGROUP_PARENT = '/gantry';

/** What of the host a spec is made from. */
export interface SpecHost {
  readonly facts: HostFacts;
  readonly lookups: HostLookups;
  /** The daemon's own `--seccomp-profile`: `''` for the built-in one. */
  readonly seccompProfile: SeccompChoice;
}

/**
 * The OCI spec of a container, with Docker's defaults. The user is root's until the container's own passwd can be asked:
 * see {@link file://./settle-user.ts}. `rootPath` is what runtimes read as `root.path`. Throws `invalid` in Docker's words.
 */
export function buildSpec(settings: ContainerSettings, host: SpecHost, rootPath: string): Spec {
  const options = parseSecurityOptions(settings.security.securityOpt);
  const { args, mounts: initMounts } = initWrapping(settings);
  const capabilities = tweakCapabilities(
    {
      add: settings.security.capAdd,
      drop: settings.security.capDrop,
      privileged: settings.security.privileged,
    },
    host.facts.capabilities,
  );
  const ownUts = settings.namespaces.uts.kind === 'private';
  return {
    ociVersion: OCI_VERSION,
    root: { path: rootPath, readonly: settings.readonlyRootfs },
    process: processOf(settings, options, args, capabilities, host.facts),
    ...(ownUts && { hostname: settings.hostname }),
    ...(ownUts && settings.domainname !== '' && { domainname: settings.domainname }),
    mounts: mountsOf(settings, options, initMounts, host.lookups),
    ...(settings.hooks && { hooks: settings.hooks }),
    annotations: settings.annotations,
    linux: linuxOf(settings, options, capabilities, host),
  };
}

function processOf(
  settings: ContainerSettings,
  options: SecurityOptions,
  args: readonly string[],
  capabilities: readonly string[],
  facts: HostFacts,
): Process {
  const { tty, consoleSize, env, cwd, oomScoreAdj, umask } = settings.process;
  const apparmorProfile = appArmorProfile(settings, options, facts);
  return {
    terminal: tty,
    ...(tty && consoleSize && { consoleSize }),
    user: { uid: 0, gid: 0, ...(umask !== undefined && { umask }) },
    args,
    env: containerEnvironment(env, settings.hostname, tty),
    cwd: cwd || '/',
    capabilities: capabilitySets(capabilities, 0),
    rlimits: rlimitsOf(settings.ulimits),
    noNewPrivileges: options.noNewPrivileges,
    ...(apparmorProfile !== undefined && { apparmorProfile }),
    oomScoreAdj,
  };
}

function appArmorProfile(
  { security }: ContainerSettings,
  { apparmor }: SecurityOptions,
  facts: HostFacts,
): string | undefined {
  if (facts.apparmor) return apparmor ?? (security.privileged ? 'unconfined' : DEFAULT_APPARMOR_PROFILE);
  if (apparmor === undefined || apparmor === 'unconfined' || apparmor === '') return undefined;
  throw new EngineError(
    'invalid',
    `invalid --security-opt: "apparmor=${apparmor}": AppArmor is not enabled on this host`,
  );
}

function mountsOf(
  settings: ContainerSettings,
  options: SecurityOptions,
  initMounts: readonly Mount[],
  lookups: HostLookups,
): Mount[] {
  const writableCgroups = settings.security.privileged || options.writableCgroups;
  const users = userMounts(settings.mounts, lookups);
  const taken = new Set(users.map(({ destination }) => destination));
  const covered = ({ destination }: Mount): boolean =>
    taken.has(destination) || (taken.has('/dev') && destination.startsWith('/dev/'));
  const own = [...defaultMounts(settings, writableCgroups), ...initMounts];
  return [...own.filter((mount) => !covered(mount)), ...users];
}

function linuxOf(
  settings: ContainerSettings,
  options: SecurityOptions,
  capabilities: readonly string[],
  host: SpecHost,
): Linux {
  const { security, namespaces } = settings;
  const { devices, rules } = deviceAccess(settings.devices, security.privileged, host.lookups);
  const seccomp = seccompOf(options.seccomp, security.privileged, capabilities, host);
  const propagation = rootPropagation(settings.mounts);
  const open = security.privileged || options.systemPathsUnconfined;
  const { user } = namespaces;
  return {
    namespaces: namespacesOf(namespaces),
    ...(user && { uidMappings: user.uidMappings.map(specMapping) }),
    ...(user && { gidMappings: user.gidMappings.map(specMapping) }),
    devices,
    cgroupsPath: cgroupPath(settings.cgroupParent, settings.id),
    resources: { devices: rules, ...resourcesOf(settings.resources, host.lookups) },
    ...(propagation && { rootfsPropagation: propagation }),
    ...(seccomp && { seccomp }),
    sysctl: sysctlsOf(settings),
    maskedPaths: open ? [] : (security.maskedPaths ?? defaultMaskedPaths(host.facts.possibleCpus)),
    readonlyPaths: open ? [] : (security.readonlyPaths ?? DEFAULT_READONLY_PATHS),
  };
}

function specMapping(map: { containerId: number; hostId: number; size: number }) {
  return { containerID: map.containerId, hostID: map.hostId, size: map.size };
}

function sysctlsOf({ sysctls, namespaces }: ContainerSettings): Record<string, string> {
  const isOwn = (kind: string): boolean => kind !== 'host';
  checkSysctls(Object.keys(sysctls), {
    network: isOwn(namespaces.network.kind),
    ipc: isOwn(namespaces.ipc.kind),
    uts: isOwn(namespaces.uts.kind),
  });
  const inNewNetwork = namespaces.network.kind === 'private' && !namespaces.user;
  return { ...(inNewNetwork ? DEFAULT_NETWORK_SYSCTLS : {}), ...sysctls };
}

/** `parent` cannot lead out of the cgroup trees, whatever it holds. */
function cgroupPath(parent: string, id: string): string {
  return join(normalize(`/${parent || DEFAULT_CGROUP_PARENT}`), id);
}

function seccompOf(
  choice: SeccompChoice,
  privileged: boolean,
  capabilities: readonly string[],
  { facts, seccompProfile }: SpecHost,
): Seccomp | undefined {
  if (privileged && choice.kind === 'default') return undefined;
  const effective = choice.kind === 'default' ? seccompProfile : choice;
  if (effective.kind === 'unconfined') return undefined;
  if (!facts.seccomp) {
    if (effective.kind === 'default') return undefined;
    throw new EngineError(
      'invalid',
      'seccomp is not enabled in your kernel, cannot run a custom seccomp profile',
    );
  }
  const profile = effective.kind === 'profile' ? parseProfile(effective.json) : DEFAULT_PROFILE;
  return resolveProfile(profile, { arch: facts.arch, kernel: facts.kernel, capabilities });
}

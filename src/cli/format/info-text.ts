import { humanBinarySize } from '../../formats/units.ts';
import type { SystemInfo } from '../../wire/types-system.ts';
import type { ClientInfo } from './info-struct.ts';

type Line = string | false | undefined;

/** The client's half of `info`. */
export function clientInfoText({ Version, Context, Debug }: ClientInfo): string {
  return text([
    'Client: Gantry',
    ` Version:    ${Version}`,
    ` Context:    ${Context}`,
    ` Debug Mode: ${Debug}`,
  ]);
}

/** The daemon's half of `info`, without its title. */
export function serverInfoText(info: SystemInfo): string {
  return text([
    ...countLines(info),
    ...driverLines(info),
    ...pluginLines(info),
    ...runtimeLines(info),
    ...securityLines(info),
    ...hostLines(info),
    ...proxyLines(info),
    ...settingLines(info),
  ]);
}

function text(lines: readonly Line[]): string {
  return lines.filter((line) => typeof line === 'string').join('\n') + '\n';
}

function countLines(info: SystemInfo): Line[] {
  return [
    ` Containers: ${info.Containers}`,
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
    ` Images: ${info.Images}`,
    info.ServerVersion !== '' && ` Server Version: ${info.ServerVersion}`,
  ];
}

function driverLines(info: SystemInfo): Line[] {
  return [
    info.Driver !== '' && ` Storage Driver: ${info.Driver}`,
    ...(info.DriverStatus ?? []).map(([key, value]) => `  ${key}: ${value}`),
    info.LoggingDriver !== '' && ` Logging Driver: ${info.LoggingDriver}`,
    info.CgroupDriver !== '' && ` Cgroup Driver: ${info.CgroupDriver}`,
    info.CgroupVersion !== undefined && info.CgroupVersion !== '' && ` Cgroup Version: ${info.CgroupVersion}`,
  ];
}

function pluginLines({ Plugins }: SystemInfo): Line[] {
  const row = (title: string, names: readonly string[] | null) =>
    names !== null && names.length > 0 && `  ${title}: ${names.join(' ')}`;
  return [
    ' Plugins:',
    `  Volume: ${(Plugins.Volume ?? []).join(' ')}`,
    `  Network: ${(Plugins.Network ?? []).join(' ')}`,
    row('Authorization', Plugins.Authorization),
    `  Log: ${(Plugins.Log ?? []).join(' ')}`,
  ];
}

function runtimeLines(info: SystemInfo): Line[] {
  const runtimes = Object.keys(info.Runtimes ?? {});
  const linux = info.OSType === 'linux';
  const commit = (title: string, value: { ID: string } | undefined) =>
    linux && Boolean(value?.ID) && ` ${title} version: ${value?.ID}`;
  return [
    ...(info.CDISpecDirs && info.CDISpecDirs.length > 0
      ? [' CDI spec directories:', ...info.CDISpecDirs.map((dir) => `  ${dir}`)]
      : []),
    ` Swarm: ${info.Swarm?.LocalNodeState ?? 'inactive'}`,
    runtimes.length > 0 && ` Runtimes: ${runtimes.join(' ')}`,
    runtimes.length > 0 && ` Default Runtime: ${info.DefaultRuntime}`,
    linux && info.InitBinary !== '' && ` Init Binary: ${info.InitBinary}`,
    commit('containerd', info.ContainerdCommit),
    commit('runc', info.RuncCommit),
    commit('init', info.InitCommit),
  ];
}

/** `name=seccomp,profile=default` becomes a name with its options below it. */
function securityLines(info: SystemInfo): Line[] {
  const options = info.SecurityOptions ?? [];
  if (options.length === 0) return [];
  const lines = options.flatMap((option) => {
    const pairs = option.split(',').map((pair) => pair.split('='));
    const name = pairs.find(([key]) => key === 'name')?.[1] ?? option;
    const rest = pairs.filter(([key]) => key !== 'name' && pairs.length > 1);
    return [
      `  ${name}`,
      ...rest.map(([key = '', value = '']) => `   ${key.slice(0, 1).toUpperCase()}${key.slice(1)}: ${value}`),
    ];
  });
  return [' Security Options:', ...lines];
}

function hostLines(info: SystemInfo): Line[] {
  return [
    info.KernelVersion !== '' && ` Kernel Version: ${info.KernelVersion}`,
    info.OperatingSystem !== '' && ` Operating System: ${info.OperatingSystem}`,
    info.OSType !== '' && ` OSType: ${info.OSType}`,
    info.Architecture !== '' && ` Architecture: ${info.Architecture}`,
    ` CPUs: ${info.NCPU}`,
    ` Total Memory: ${humanBinarySize(info.MemTotal)}`,
    info.Name !== '' && ` Name: ${info.Name}`,
    info.ID !== '' && ` ID: ${info.ID}`,
    info.DockerRootDir !== '' && ` Docker Root Dir: ${info.DockerRootDir}`,
    ` Debug Mode: ${info.Debug}`,
    info.Debug && `  File Descriptors: ${info.NFd}`,
    info.Debug && `  Goroutines: ${info.NGoroutines}`,
    info.Debug && `  System Time: ${info.SystemTime}`,
    info.Debug && `  EventsListeners: ${info.NEventsListener}`,
  ];
}

function proxyLines(info: SystemInfo): Line[] {
  return [
    Boolean(info.HttpProxy) && ` HTTP Proxy: ${info.HttpProxy}`,
    Boolean(info.HttpsProxy) && ` HTTPS Proxy: ${info.HttpsProxy}`,
    Boolean(info.NoProxy) && ` No Proxy: ${info.NoProxy}`,
  ];
}

function settingLines(info: SystemInfo): Line[] {
  const registry = info.RegistryConfig;
  const indexes = Object.values(registry?.IndexConfigs ?? {});
  const insecure = indexes.filter(({ Secure }) => !Secure).map(({ Name }) => `  ${Name}`);
  const ranges = (registry?.InsecureRegistryCIDRs ?? []).map((range) => `  ${range}`);
  const mirrors = (registry?.Mirrors ?? []).map((mirror) => `  ${mirror}`);
  const pools = (info.DefaultAddressPools ?? []).map(({ Base, Size }) => `   Base: ${Base}, Size: ${Size}`);
  return [
    ...((info.Labels ?? []).length > 0
      ? [' Labels:', ...(info.Labels ?? []).map((label) => `  ${label}`)]
      : []),
    ` Experimental: ${info.ExperimentalBuild}`,
    ...(insecure.length + ranges.length > 0 ? [' Insecure Registries:', ...insecure, ...ranges] : []),
    ...(mirrors.length > 0 ? [' Registry Mirrors:', ...mirrors] : []),
    ` Live Restore Enabled: ${info.LiveRestoreEnabled}`,
    Boolean(info.ProductLicense) && ` Product License: ${info.ProductLicense}`,
    ...(pools.length > 0 ? [' Default Address Pools:', ...pools] : []),
    Boolean(info.FirewallBackend) && ` Firewall Backend: ${info.FirewallBackend?.Driver}`,
    ...(info.FirewallBackend?.Info ?? []).map(([key, value]) => `  ${key}: ${value}`),
  ];
}

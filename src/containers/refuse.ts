import { EngineError } from '../base/errors.ts';
import type { ContainerConfigInput } from './config.ts';
import type { HostConfig } from './host-config.ts';

/** A field this version has nothing behind: how to see that it is used, and what to tell the user. */
interface Missing {
  readonly field: string;
  readonly used: boolean;
  readonly instead: string;
}

/**
 * Refuses what a request asks for and this version cannot do, by name, so that nothing is accepted and ignored.
 * Throws `not-implemented`.
 */
export function refuseUnsupported(config: ContainerConfigInput, host: HostConfig): void {
  const missing = [...missingConfig(config), ...missingHost(host), ...missingResources(host)].find(
    ({ used }) => used,
  );
  if (missing) throw new EngineError('not-implemented', `${missing.field}: ${missing.instead}`);
}

function missingConfig(config: ContainerConfigInput): Missing[] {
  const test = config.healthcheck?.test ?? [];
  return [
    {
      field: 'Config.Healthcheck',
      used: test.length > 0 && test[0] !== 'NONE',
      instead: 'this version runs no health checks; use --no-healthcheck',
    },
    {
      field: `Config.Volumes ${(config.volumes ?? []).join(', ')}`,
      used: (config.volumes ?? []).length > 0,
      instead: 'this version has no anonymous volumes; name a host directory: -v /HOST/DIR:/DIR',
    },
  ];
}

function missingHost(host: HostConfig): Missing[] {
  const noVolumes = 'this version has no volumes';
  return [
    {
      field: 'HostConfig.VolumeDriver',
      used: !['', 'local'].includes(host.volumeDriver),
      instead: noVolumes,
    },
    { field: 'HostConfig.VolumesFrom', used: host.volumesFrom.length > 0, instead: noVolumes },
    { field: 'HostConfig.Links', used: host.links.length > 0, instead: 'legacy links are not supported' },
    {
      field: 'HostConfig.Cgroup',
      used: host.cgroup !== '',
      instead: 'joining a cgroup is not supported; use CgroupParent',
    },
    {
      field: `HostConfig.IpcMode ${host.ipcMode}`,
      used: host.ipcMode === 'shareable' || host.ipcMode.startsWith('container:'),
      instead: 'IPC namespaces are not shared between containers; use private, none or host',
    },
    {
      field: 'HostConfig.StorageOpt',
      used: Object.keys(host.storageOpt).length > 0,
      instead: 'the storage driver takes no options per container',
    },
    {
      field: 'HostConfig.Isolation',
      used: !['', 'default'].includes(host.isolation),
      instead: 'only Windows has isolation modes',
    },
  ];
}

function missingResources(host: HostConfig): Missing[] {
  const windows = 'only Windows has this limit';
  return [
    {
      field: 'HostConfig.DeviceRequests',
      used: host.deviceRequests.length > 0,
      instead: `could not select device driver ${JSON.stringify(host.deviceRequests[0]?.driver ?? '')} with capabilities: ${JSON.stringify(host.deviceRequests[0]?.capabilities ?? [])}`,
    },
    {
      field: 'HostConfig.KernelMemoryTCP',
      used: host.kernelMemoryTcp !== 0,
      instead: 'kernels no longer have this limit',
    },
    { field: 'HostConfig.CpuCount', used: host.cpuCount !== 0, instead: windows },
    { field: 'HostConfig.CpuPercent', used: host.cpuPercent !== 0, instead: windows },
    { field: 'HostConfig.IOMaximumIOps', used: host.ioMaximumIops !== 0, instead: windows },
    { field: 'HostConfig.IOMaximumBandwidth', used: host.ioMaximumBandwidth !== 0, instead: windows },
  ];
}

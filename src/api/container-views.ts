import type { MountPoint } from '../containers/mount-point.ts';
import { commandOf } from '../containers/record.ts';
import { type ContainerState, errorOf, exitCodeOf, timesOf } from '../containers/state.ts';
import type { ContainerInspection } from '../engine/inspect.ts';
import type { ContainerListing } from '../engine/list.ts';
import type * as types from '../wire/types-container.ts';
import type { EndpointSettings } from '../wire/types-network.ts';
import { encodeConfig } from './container-codec.ts';
import { hostConfig } from './host-config-codec.ts';

/** One line of `ps`. */
export function containerSummary(listing: ContainerListing): types.ContainerSummary {
  const { record } = listing;
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: listing.image,
    ImageID: record.imageId,
    Command: shellCommand(commandOf(record.config)),
    Created: Math.floor(Date.parse(record.createdAt) / 1000),
    Ports: [],
    ...(listing.sizes && { SizeRw: listing.sizes.rw, SizeRootFs: listing.sizes.rootFs }),
    Labels: { ...record.config.labels },
    State: record.state.status,
    Status: listing.status,
    HostConfig: {
      NetworkMode: record.hostConfig.networkMode,
      ...(Object.keys(record.hostConfig.annotations).length > 0 && {
        Annotations: { ...record.hostConfig.annotations },
      }),
    },
    NetworkSettings: { Networks: networksOf(record.hostConfig.networkMode) },
    Mounts: record.mounts.filter((mount) => mount.type === 'bind').map(mountView),
  };
}

/** The command as `ps` shows it: words with white space in single quotes. */
function shellCommand(words: readonly string[]): string {
  return words.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' ');
}

/** `GET /containers/ID/json`. */
export function containerInspect(inspection: ContainerInspection): unknown {
  const { record, paths } = inspection;
  const [path = '', ...args] = commandOf(record.config);
  return {
    Id: record.id,
    Created: record.createdAt,
    Path: path,
    Args: args,
    State: stateView(record.state),
    Image: record.imageId,
    ResolvConfPath: paths.resolvConf,
    HostnamePath: paths.hostname,
    HostsPath: paths.hosts,
    LogPath: paths.log,
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: inspection.storageDriver,
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: inspection.execIds.length > 0 ? inspection.execIds : null,
    HostConfig: hostConfig.encode(record.hostConfig),
    GraphDriver: { Data: inspection.storageData, Name: inspection.storageDriver },
    ...(inspection.sizes && { SizeRw: inspection.sizes.rw, SizeRootFs: inspection.sizes.rootFs }),
    Mounts: record.mounts.filter((mount) => mount.type === 'bind').map(mountView),
    Config: encodeConfig(record.config),
    NetworkSettings: networkSettings(record.hostConfig.networkMode),
  };
}

function stateView(state: ContainerState): types.ContainerState {
  const { startedAt, finishedAt } = timesOf(state);
  const alive = state.status === 'running' || state.status === 'paused';
  return {
    Status: state.status,
    Running: alive || state.status === 'restarting',
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: 'oomKilled' in state && state.oomKilled,
    Dead: state.status === 'dead',
    Pid: alive ? state.pid : 0,
    ExitCode: exitCodeOf(state),
    Error: errorOf(state),
    StartedAt: startedAt,
    FinishedAt: finishedAt,
  };
}

/** Tmpfs mounts of `--tmpfs` do not appear here, as with Docker; those of `--mount` do. */
function mountView(mount: MountPoint): types.MountPoint {
  return {
    Type: mount.type,
    Source: mount.type === 'bind' ? mount.source : '',
    Destination: mount.destination,
    Mode: mount.mode,
    RW: mount.rw,
    Propagation: mount.type === 'bind' ? mount.bind.propagation || 'rprivate' : '',
  };
}

const UNCONNECTED: EndpointSettings = {
  IPAMConfig: null,
  Links: null,
  Aliases: null,
  MacAddress: '',
  DriverOpts: null,
  GwPriority: 0,
  NetworkID: '',
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  DNSNames: null,
};

/** `none` and `host` are networks of their own; a container that joins another's has none. */
function networksOf(networkMode: string): Record<string, EndpointSettings> {
  return networkMode.startsWith('container:') ? {} : { [networkMode]: UNCONNECTED };
}

function networkSettings(networkMode: string): types.NetworkSettings {
  return {
    Bridge: '',
    SandboxID: '',
    SandboxKey: '',
    Ports: {},
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: '',
    Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    MacAddress: '',
    Networks: networksOf(networkMode),
  };
}

import { defined } from '../base/defined.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineEvent } from '../engine/event-bus.ts';
import { subscribeEvents } from '../engine/events.ts';
import { type EngineInfo, engineInfo } from '../engine/info.ts';
import { engineVersion } from '../engine/version.ts';
import type { SystemInfo, SystemVersion } from '../wire/types-system.ts';
import { json, type Reply, stream } from './reply.ts';
import { type ApiRequest, queryFilters, queryString } from './request.ts';
import type { Route } from './router.ts';
import { formatVersion, MAX_API_VERSION, MIN_API_VERSION } from './versions.ts';

/** `/_ping`, `/version`, `/info`, `/events`. */
export function systemRoutes(engine: Engine): Route[] {
  return [
    { method: 'GET', path: '/_ping', handle: ping },
    { method: 'HEAD', path: '/_ping', handle: ping },
    { method: 'GET', path: '/version', handle: () => json(versionView(engine)) },
    { method: 'GET', path: '/info', handle: () => json(infoView(engineInfo(engine), engine)) },
    { method: 'GET', path: '/events', handle: (request) => events(engine, request) },
  ];
}

/** `Builder-Version: 1` tells clients that images are built through `POST /build`, not BuildKit. */
function ping(): Reply {
  return {
    kind: 'text',
    status: 200,
    body: 'OK',
    headers: {
      'Builder-Version': '1',
      Swarm: 'inactive',
      'Cache-Control': 'no-cache, no-store, must-revalidate',
      Pragma: 'no-cache',
    },
  };
}

function versionView(engine: Engine): SystemVersion {
  const version = engineVersion(engine);
  return {
    Platform: { Name: 'Gantry' },
    Components: [
      {
        Name: 'Engine',
        Version: version.version,
        Details: {
          ApiVersion: formatVersion(MAX_API_VERSION),
          Arch: version.arch,
          BuildTime: version.buildTime,
          Experimental: 'false',
          GitCommit: version.gitCommit,
          GoVersion: '',
          KernelVersion: version.kernelVersion,
          MinAPIVersion: formatVersion(MIN_API_VERSION),
          NodeVersion: version.nodeVersion,
          Os: version.os,
        },
      },
    ],
    Version: version.version,
    ApiVersion: formatVersion(MAX_API_VERSION),
    MinAPIVersion: formatVersion(MIN_API_VERSION),
    GitCommit: version.gitCommit,
    GoVersion: '',
    Os: version.os,
    Arch: version.arch,
    KernelVersion: version.kernelVersion,
    BuildTime: version.buildTime,
  };
}

function infoView(info: EngineInfo, engine: Engine): SystemInfo {
  return {
    ID: info.id,
    Containers: info.containers.total,
    ContainersRunning: info.containers.running,
    ContainersPaused: info.containers.paused,
    ContainersStopped: info.containers.stopped,
    Images: info.images,
    Driver: info.storageDriver,
    DriverStatus: info.storageStatus.map(([key, value]) => [key, value]),
    Plugins: {
      Volume: ['local'],
      Network: ['host', 'null'],
      Authorization: null,
      Log: ['json-file', 'none'],
    },
    MemoryLimit: info.limits.memory,
    SwapLimit: info.limits.swap,
    CpuCfsPeriod: info.limits.cpuCfs,
    CpuCfsQuota: info.limits.cpuCfs,
    CPUShares: info.limits.cpuShares,
    CPUSet: info.limits.cpuset,
    PidsLimit: info.limits.pids,
    IPv4Forwarding: info.ipv4Forwarding,
    Debug: engine.config.logLevel === 'debug',
    NFd: 0,
    OomKillDisable: info.limits.oomKillDisable,
    NGoroutines: 0,
    SystemTime: new Date().toISOString(),
    LoggingDriver: 'json-file',
    CgroupDriver: info.cgroupDriver,
    CgroupVersion: info.cgroupVersion,
    NEventsListener: info.eventListeners,
    KernelVersion: info.kernelVersion,
    OperatingSystem: info.operatingSystem,
    OSVersion: info.osVersion,
    OSType: 'linux',
    Architecture: info.architecture,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: null,
    NCPU: info.cpus,
    MemTotal: info.memory,
    GenericResources: null,
    DockerRootDir: info.dataRoot,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    Name: info.hostname,
    Labels: [...info.labels],
    ExperimentalBuild: false,
    ServerVersion: engineVersion(engine).version,
    Runtimes: info.runtimes,
    DefaultRuntime: info.defaultRuntime,
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: '',
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    SecurityOptions: [...info.securityOptions],
    Warnings: info.warnings.length > 0 ? [...info.warnings] : null,
  };
}

function events(engine: Engine, request: ApiRequest): Reply {
  const subscription = subscribeEvents(request.ctx, engine, {
    filters: queryFilters(request),
    ...defined({ since: queryString(request, 'since'), until: queryString(request, 'until') }),
  });
  async function* body(): AsyncGenerator<string> {
    for await (const event of subscription) yield eventLine(event);
  }
  return stream('application/json', body());
}

/** One event as a line of JSON. `timeNano` needs all its 19 digits, which a JavaScript number does not have. */
export function eventLine(event: EngineEvent): string {
  const legacy = event.type === 'container' || event.type === 'image';
  const text = JSON.stringify({
    ...(legacy && { status: event.action, id: event.actorId }),
    ...(event.type === 'container' && { from: event.attributes['image'] ?? '' }),
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.actorId, Attributes: event.attributes },
    scope: 'local',
    time: Number(event.timeNano / 1_000_000_000n),
  });
  return `${text.slice(0, -1)},"timeNano":${event.timeNano}}\n`;
}

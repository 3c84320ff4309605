import { defined } from '../base/defined.ts';
import { EngineError } from '../base/errors.ts';
import { attachContainer } from '../engine/attach.ts';
import { createContainer } from '../engine/create.ts';
import type { EndpointInput } from '../engine/create-network.ts';
import type { Engine } from '../engine/engine.ts';
import { inspectContainer } from '../engine/inspect.ts';
import { killContainer } from '../engine/kill.ts';
import { listContainers } from '../engine/list.ts';
import { containerLogs } from '../engine/logs.ts';
import { pauseContainer, unpauseContainer } from '../engine/pause.ts';
import { pruneContainers } from '../engine/prune.ts';
import { removeContainer } from '../engine/remove.ts';
import { renameContainer } from '../engine/rename.ts';
import { resizeContainer } from '../engine/resize.ts';
import { restartContainer } from '../engine/restart.ts';
import { startContainer } from '../engine/start.ts';
import { type StopOptions, stopContainer } from '../engine/stop.ts';
import { waitContainer } from '../engine/wait.ts';
import * as wire from '../wire/decode.ts';
import type {
  ContainerCreateResponse,
  ContainerPruneResponse,
  ContainerWaitResponse,
} from '../wire/types-container.ts';
import { decodeConfig } from './container-codec.ts';
import { containerInspect, containerSummary } from './container-views.ts';
import { hostConfig } from './host-config-codec.ts';
import { encodeOutput, pumpSession, streamType } from './pump.ts';
import { empty, json, type Reply, stream } from './reply.ts';
import {
  type ApiRequest,
  param,
  queryBool,
  queryFilters,
  queryInt,
  queryString,
  readJson,
} from './request.ts';
import type { Route } from './router.ts';

/** `/containers`: one line per route, each handing on to its use case. */
export function containerRoutes(engine: Engine): Route[] {
  const id = (request: ApiRequest): string => param(request, 'id');
  return [
    { method: 'GET', path: '/containers/json', handle: (request) => list(engine, request) },
    { method: 'POST', path: '/containers/create', handle: (request) => create(engine, request) },
    { method: 'POST', path: '/containers/prune', since: 25, handle: (request) => prune(engine, request) },
    { method: 'GET', path: '/containers/{id}/json', handle: (request) => inspect(engine, request) },
    { method: 'GET', path: '/containers/{id}/logs', handle: (request) => logs(engine, request) },
    { method: 'POST', path: '/containers/{id}/attach', handle: (request) => attach(engine, request) },
    { method: 'POST', path: '/containers/{id}/wait', handle: (request) => wait(engine, request) },
    done('POST', '/containers/{id}/start', (request) => startContainer(request.ctx, engine, id(request))),
    done('POST', '/containers/{id}/stop', (request) =>
      stopContainer(request.ctx, engine, id(request), stopOptions(request)),
    ),
    done('POST', '/containers/{id}/restart', (request) =>
      restartContainer(request.ctx, engine, id(request), stopOptions(request)),
    ),
    done('POST', '/containers/{id}/kill', (request) =>
      killContainer(request.ctx, engine, id(request), queryString(request, 'signal')),
    ),
    done('POST', '/containers/{id}/pause', (request) => pauseContainer(request.ctx, engine, id(request))),
    done('POST', '/containers/{id}/unpause', (request) => unpauseContainer(request.ctx, engine, id(request))),
    done('POST', '/containers/{id}/rename', (request) =>
      renameContainer(request.ctx, engine, id(request), queryString(request, 'name') ?? ''),
    ),
    { method: 'POST', path: '/containers/{id}/resize', handle: (request) => resize(engine, request) },
    done('DELETE', '/containers/{id}', (request) =>
      removeContainer(request.ctx, engine, id(request), {
        force: queryBool(request, 'force'),
        volumes: queryBool(request, 'v'),
        link: queryBool(request, 'link'),
      }),
    ),
  ];
}

/** A route that answers 204 when its work is done. */
function done(method: Route['method'], path: string, work: (request: ApiRequest) => Promise<void>): Route {
  return {
    method,
    path,
    handle: async (request) => {
      await work(request);
      return empty();
    },
  };
}

function stopOptions(request: ApiRequest): StopOptions {
  const signal = request.version >= 42 ? queryString(request, 'signal') : undefined;
  return defined({ signal, timeout: queryInt(request, 't') });
}

async function list(engine: Engine, request: ApiRequest): Promise<Reply> {
  const listings = await listContainers(request.ctx, engine, {
    all: queryBool(request, 'all'),
    limit: queryInt(request, 'limit') ?? 0,
    size: queryBool(request, 'size'),
    filters: queryFilters(request),
  });
  return json(listings.map(containerSummary));
}

const endpoint = wire.object({
  Aliases: wire.array(wire.string),
  Links: wire.array(wire.string),
  MacAddress: wire.string,
  DriverOpts: wire.record(wire.string),
  GwPriority: wire.integer,
  IPAMConfig: wire.object({
    IPv4Address: wire.string,
    IPv6Address: wire.string,
    LinkLocalIPs: wire.array(wire.string),
  }),
});

const createBody = wire.object({
  HostConfig: hostConfig.decode,
  NetworkingConfig: wire.object({ EndpointsConfig: wire.record(wire.nullable(endpoint)) }),
});

function endpoints(
  networking: ReturnType<typeof createBody>['NetworkingConfig'],
): Record<string, EndpointInput> {
  return Object.fromEntries(
    Object.entries(networking?.EndpointsConfig ?? {}).map(([network, given]) => [
      network,
      {
        aliases: given?.Aliases ?? [],
        links: given?.Links ?? [],
        macAddress: given?.MacAddress ?? '',
        ipv4Address: given?.IPAMConfig?.IPv4Address ?? '',
        ipv6Address: given?.IPAMConfig?.IPv6Address ?? '',
        linkLocalIps: given?.IPAMConfig?.LinkLocalIPs ?? [],
        driverOpts: given?.DriverOpts ?? {},
        gwPriority: given?.GwPriority ?? 0,
      },
    ]),
  );
}

async function create(engine: Engine, request: ApiRequest): Promise<Reply> {
  const body = await readJson(request);
  const config = decodeConfig(body);
  const { HostConfig, NetworkingConfig } = createBody(body, '');
  const { id, warnings } = await createContainer(request.ctx, engine, {
    config,
    hostConfig: HostConfig ?? {},
    endpoints: endpoints(NetworkingConfig),
    ...defined({ name: queryString(request, 'name'), platform: queryString(request, 'platform') }),
  });
  const answer: ContainerCreateResponse = { Id: id, Warnings: [...warnings] };
  return json(answer, 201);
}

async function inspect(engine: Engine, request: ApiRequest): Promise<Reply> {
  const inspection = await inspectContainer(
    request.ctx,
    engine,
    param(request, 'id'),
    queryBool(request, 'size'),
  );
  return json(containerInspect(inspection));
}

async function prune(engine: Engine, request: ApiRequest): Promise<Reply> {
  const pruned = await pruneContainers(request.ctx, engine, queryFilters(request));
  const answer: ContainerPruneResponse = {
    ContainersDeleted: pruned.deleted.length > 0 ? [...pruned.deleted] : null,
    SpaceReclaimed: pruned.spaceReclaimed,
  };
  return json(answer);
}

async function resize(engine: Engine, request: ApiRequest): Promise<Reply> {
  await resizeContainer(
    request.ctx,
    engine,
    param(request, 'id'),
    terminalSide(request, 'h'),
    terminalSide(request, 'w'),
  );
  return empty(200);
}

/** A terminal's height or width from the query. */
export function terminalSide(request: ApiRequest, name: 'h' | 'w'): number {
  const value = queryInt(request, name);
  if (value === undefined || value < 0 || value > 0xffff) {
    throw new EngineError(
      'invalid',
      `invalid resize ${name === 'h' ? 'height' : 'width'} (${name}): ${request.query.get(name) ?? 'missing'}`,
    );
  }
  return value;
}

async function logs(engine: Engine, request: ApiRequest): Promise<Reply> {
  const { tty, output } = await containerLogs(request.ctx, engine, param(request, 'id'), {
    stdout: queryBool(request, 'stdout'),
    stderr: queryBool(request, 'stderr'),
    follow: queryBool(request, 'follow'),
    timestamps: queryBool(request, 'timestamps'),
    details: queryBool(request, 'details'),
    ...defined({
      since: queryString(request, 'since'),
      until: queryString(request, 'until'),
      tail: queryString(request, 'tail'),
    }),
  });
  return stream(streamType(tty, request.version), encodeOutput(output, tty));
}

async function attach(engine: Engine, request: ApiRequest): Promise<Reply> {
  const session = await attachContainer(request.ctx, engine, param(request, 'id'), {
    stdin: queryBool(request, 'stdin'),
    stdout: queryBool(request, 'stdout'),
    stderr: queryBool(request, 'stderr'),
    stream: queryBool(request, 'stream'),
    logs: queryBool(request, 'logs'),
    ...defined({ detachKeys: queryString(request, 'detachKeys') }),
  });
  await pumpSession(session, request.hijack(streamType(session.tty, request.version)));
  return { kind: 'hijacked' };
}

async function wait(engine: Engine, request: ApiRequest): Promise<Reply> {
  const pending = waitContainer(request.ctx, engine, param(request, 'id'), queryString(request, 'condition'));
  async function* body(): AsyncGenerator<string> {
    const { statusCode, error } = await pending.result;
    const answer: ContainerWaitResponse = {
      StatusCode: statusCode,
      ...(error !== undefined && { Error: { Message: error } }),
    };
    yield JSON.stringify(answer) + '\n';
  }
  return stream('application/json', body());
}

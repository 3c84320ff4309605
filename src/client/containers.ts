import type { Duplex } from 'node:stream';
import type { Ctx } from '../base/ctx.ts';
import type {
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspect,
  ContainerPruneResponse,
  ContainerSummary,
  ContainerTopResponse,
  ContainerWaitResponse,
  WaitCondition,
} from '../wire/types-container.ts';
import type { Engine, Query } from './engine.ts';
import type { Reply } from './http/exchange.ts';

/** Values by filter name, as every list and prune takes them. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** `{"name":{"a":true}}`, the form every daemon understands. */
export function filtersQuery(filters: Filters | undefined): Record<string, Record<string, true>> | undefined {
  if (!filters || Object.keys(filters).length === 0) return undefined;
  const sets = Object.entries(filters)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, values]) => [name, Object.fromEntries(values.map((value) => [value, true] as const))]);
  return Object.fromEntries(sets);
}

export interface ListContainersQuery {
  all?: boolean;
  /** Newest first; implies all states. */
  limit?: number;
  size?: boolean;
  filters?: Filters;
}

function path(id: string, rest = ''): string {
  return `/containers/${encodeURIComponent(id)}${rest}`;
}

export function listContainers(
  ctx: Ctx,
  engine: Engine,
  query: ListContainersQuery,
): Promise<ContainerSummary[]> {
  return engine.json(ctx, 'GET', '/containers/json', {
    query: { ...query, filters: filtersQuery(query.filters) },
  });
}

export function createContainer(
  ctx: Ctx,
  engine: Engine,
  request: ContainerCreateRequest,
  query: { name?: string; platform?: string },
): Promise<ContainerCreateResponse> {
  return engine.json(ctx, 'POST', '/containers/create', { query: { ...query }, json: request });
}

export function inspectContainer(ctx: Ctx, engine: Engine, id: string): Promise<ContainerInspect> {
  return engine.json(ctx, 'GET', path(id, '/json'));
}

/** The daemon's own JSON text. */
export function inspectContainerRaw(ctx: Ctx, engine: Engine, id: string, size: boolean): Promise<string> {
  return engine.text(ctx, 'GET', path(id, '/json'), { query: { size: size || undefined } });
}

export function startContainer(ctx: Ctx, engine: Engine, id: string, query: Query = {}): Promise<void> {
  return engine.send(ctx, 'POST', path(id, '/start'), { query });
}

export interface StopQuery extends Query {
  signal?: string | undefined;
  /** Seconds before SIGKILL. */
  t?: number | undefined;
}

export function stopContainer(ctx: Ctx, engine: Engine, id: string, query: StopQuery): Promise<void> {
  return engine.send(ctx, 'POST', path(id, '/stop'), { query });
}

export function restartContainer(ctx: Ctx, engine: Engine, id: string, query: StopQuery): Promise<void> {
  return engine.send(ctx, 'POST', path(id, '/restart'), { query });
}

export function killContainer(ctx: Ctx, engine: Engine, id: string, signal?: string): Promise<void> {
  return engine.send(ctx, 'POST', path(id, '/kill'), { query: { signal: signal || undefined } });
}

export function pauseContainer(ctx: Ctx, engine: Engine, id: string): Promise<void> {
  return engine.send(ctx, 'POST', path(id, '/pause'));
}

export function unpauseContainer(ctx: Ctx, engine: Engine, id: string): Promise<void> {
  return engine.send(ctx, 'POST', path(id, '/unpause'));
}

export function renameContainer(ctx: Ctx, engine: Engine, id: string, name: string): Promise<void> {
  return engine.send(ctx, 'POST', path(id, '/rename'), { query: { name } });
}

export function resizeContainer(ctx: Ctx, engine: Engine, id: string, h: number, w: number): Promise<void> {
  return engine.send(ctx, 'POST', path(id, '/resize'), { query: { h, w } });
}

/** `v`: anonymous volumes too; `link`: the link of that name rather than the container. */
export interface RemoveQuery extends Query {
  v?: boolean | undefined;
  force?: boolean | undefined;
  link?: boolean | undefined;
}

export function removeContainer(ctx: Ctx, engine: Engine, id: string, query: RemoveQuery): Promise<void> {
  return engine.send(ctx, 'DELETE', path(id), { query });
}

/** A wait that the daemon has already registered, and its result to come. */
export interface PendingWait {
  result: Promise<ContainerWaitResponse>;
}

/** Resolves once the wait is in place, so that what happens afterwards cannot be missed. */
export async function waitContainer(
  ctx: Ctx,
  engine: Engine,
  id: string,
  condition?: WaitCondition,
): Promise<PendingWait> {
  const reply = await engine.open(ctx, 'POST', path(id, '/wait'), { query: { condition } });
  const result = engine.decode<ContainerWaitResponse>(reply, 'wait');
  // Whoever gives up before the end does not look at it any more.
  result.catch(() => {});
  return { result };
}

export interface AttachQuery extends Query {
  stream?: boolean | undefined;
  stdin?: boolean | undefined;
  stdout?: boolean | undefined;
  stderr?: boolean | undefined;
  logs?: boolean | undefined;
  detachKeys?: string | undefined;
}

/** The container's stdio: multiplexed (`wire/stdcopy.ts`) unless it has a TTY. */
export function attachContainer(ctx: Ctx, engine: Engine, id: string, query: AttachQuery): Promise<Duplex> {
  return engine.hijack(ctx, path(id, '/attach'), { query });
}

export interface LogsQuery extends Query {
  stdout?: boolean | undefined;
  stderr?: boolean | undefined;
  follow?: boolean | undefined;
  timestamps?: boolean | undefined;
  details?: boolean | undefined;
  tail?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** The container's log: multiplexed (`wire/stdcopy.ts`) unless it has a TTY. */
export function containerLogs(ctx: Ctx, engine: Engine, id: string, query: LogsQuery): Promise<Reply> {
  return engine.open(ctx, 'GET', path(id, '/logs'), { query });
}

export function topContainer(
  ctx: Ctx,
  engine: Engine,
  id: string,
  psArgs?: string,
): Promise<ContainerTopResponse> {
  return engine.json(ctx, 'GET', path(id, '/top'), { query: { ps_args: psArgs || undefined } });
}

export function pruneContainers(ctx: Ctx, engine: Engine, filters: Filters): Promise<ContainerPruneResponse> {
  return engine.json(ctx, 'POST', '/containers/prune', { query: { filters: filtersQuery(filters) } });
}

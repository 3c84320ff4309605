import type { Ctx } from '../base/ctx.ts';
import type { DiskUsage, Ping, SystemInfo, SystemVersion } from '../wire/types-system.ts';
import { type Filters, filtersQuery } from './containers.ts';
import type { Engine } from './engine.ts';
import type { Reply } from './http/exchange.ts';

export async function ping(ctx: Ctx, engine: Engine): Promise<Ping> {
  const { headers } = await engine.ping(ctx);
  const text = (name: string): string => headers.get(name) ?? '';
  return {
    apiVersion: text('api-version'),
    osType: text('ostype'),
    experimental: text('docker-experimental') === 'true',
    builderVersion: text('builder-version'),
  };
}

export function systemVersion(ctx: Ctx, engine: Engine): Promise<SystemVersion> {
  return engine.json(ctx, 'GET', '/version');
}

export function systemInfo(ctx: Ctx, engine: Engine): Promise<SystemInfo> {
  return engine.json(ctx, 'GET', '/info');
}

export function diskUsage(ctx: Ctx, engine: Engine): Promise<DiskUsage> {
  return engine.json(ctx, 'GET', '/system/df');
}

export interface EventsQuery {
  since?: string;
  until?: string;
  filters?: Filters;
}

/** A stream of `EventMessage` records, endless unless `until` is given. */
export function events(ctx: Ctx, engine: Engine, query: EventsQuery): Promise<Reply> {
  return engine.open(ctx, 'GET', '/events', { query: { ...query, filters: filtersQuery(query.filters) } });
}

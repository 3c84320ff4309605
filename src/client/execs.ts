import type { Duplex } from 'node:stream';
import type { Ctx } from '../base/ctx.ts';
import type { IdResponse } from '../wire/types-common.ts';
import type { ExecCreateRequest, ExecInspect, ExecStartRequest } from '../wire/types-exec.ts';
import type { Engine } from './engine.ts';

/** Prepares a process in a running container; answers its ID. */
export async function createExec(
  ctx: Ctx,
  engine: Engine,
  container: string,
  request: ExecCreateRequest,
): Promise<string> {
  const path = `/containers/${encodeURIComponent(container)}/exec`;
  return (await engine.json<IdResponse>(ctx, 'POST', path, { json: request })).Id;
}

/** Starts it without attaching. */
export function startExec(ctx: Ctx, engine: Engine, id: string, request: ExecStartRequest): Promise<void> {
  return engine.send(ctx, 'POST', `/exec/${id}/start`, { json: request });
}

/** Starts it attached: multiplexed (`wire/stdcopy.ts`) unless it has a TTY. */
export function attachExec(ctx: Ctx, engine: Engine, id: string, request: ExecStartRequest): Promise<Duplex> {
  return engine.hijack(ctx, `/exec/${id}/start`, { json: request });
}

export function inspectExec(ctx: Ctx, engine: Engine, id: string): Promise<ExecInspect> {
  return engine.json(ctx, 'GET', `/exec/${id}/json`);
}

export function resizeExec(ctx: Ctx, engine: Engine, id: string, h: number, w: number): Promise<void> {
  return engine.send(ctx, 'POST', `/exec/${id}/resize`, { query: { h, w } });
}

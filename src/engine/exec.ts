import type { Ctx } from '../base/ctx.ts';
import type { ExecInput } from '../containers/exec.ts';
import type { AttachSession } from './attach-session.ts';
import type { Engine } from './engine.ts';

export interface ExecStartInput {
  readonly detach: boolean;
  readonly tty: boolean;
  readonly consoleSize?: readonly [height: number, width: number];
}

export interface ExecInspection {
  readonly id: string;
  readonly containerId: string;
  readonly running: boolean;
  /** Absent until it has ended. */
  readonly exitCode?: number;
  /** 0 until it has started. */
  readonly pid: number;
  readonly canRemove: boolean;
  readonly input: ExecInput;
  readonly openStdin: boolean;
}

/** Errors: `not-found`, `conflict` (not running, paused), `invalid` (no command, bad env or keys). */
export async function execCreate(
  _ctx: Ctx,
  _engine: Engine,
  _ref: string,
  _input: ExecInput,
): Promise<{ id: string }> {
  throw new Error('pending');
}

/** Starts a created exec. A session unless `detach`. Errors: `not-found`, `conflict` (started before, container stopped or paused), `invalid` (cannot be executed). */
export async function execStart(
  _ctx: Ctx,
  _engine: Engine,
  _execId: string,
  _input: ExecStartInput,
): Promise<AttachSession | undefined> {
  throw new Error('pending');
}

export function execInspect(_engine: Engine, _execId: string): ExecInspection {
  throw new Error('pending');
}

export async function execResize(
  _ctx: Ctx,
  _engine: Engine,
  _execId: string,
  _height: number,
  _width: number,
): Promise<void> {
  throw new Error('pending');
}

import { randomBytes } from 'node:crypto';
import type { Ctx } from '../base/ctx.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import type { Exec, ExecInput } from '../containers/exec.ts';
import type { ContainerRecord } from '../containers/record.ts';
import { parseDetachKeys } from '../formats/detach-keys.ts';
import { runOf } from './conflicts.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';

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

/** Errors: `not-found`, `conflict` (not running, paused), `invalid` (no command, bad environment or keys). */
export async function execCreate(
  _ctx: Ctx,
  engine: Engine,
  ref: string,
  input: ExecInput,
): Promise<{ id: string }> {
  const record = engine.containers.resolve(ref);
  checkInput(input);
  refuseUnlessRunning(engine, record, ref);
  const id = randomBytes(32).toString('hex');
  engine.execs.add({ id, containerId: record.id, input, state: { status: 'created' } });
  publishExec(engine, record, { id, input }, 'exec_create');
  return { id };
}

function checkInput({ cmd, env, detachKeys }: ExecInput): void {
  if (cmd.length === 0) throw new EngineError('invalid', 'No exec command specified');
  for (const entry of env) {
    if (entry === '' || entry.startsWith('=')) {
      throw new EngineError('invalid', `invalid environment variable: ${entry}`);
    }
  }
  parseDetachKeys(detachKeys);
}

/** Throws `conflict`, in Docker's words, for a container that cannot be executed in now. */
export function refuseUnlessRunning(
  engine: Engine,
  record: ContainerRecord,
  shown: string = record.id,
): void {
  runOf(engine, record);
  if (record.state.status === 'paused') {
    throw new EngineError('conflict', `Container ${shown} is paused, unpause the container before exec`);
  }
}

export function publishExec(
  engine: Engine,
  record: ContainerRecord,
  { id, input }: Pick<Exec, 'id' | 'input'>,
  action: string,
): void {
  publishContainer(engine, record, `${action}: ${input.cmd.join(' ')}`, { execID: id });
}

export function findExec(engine: Engine, execId: string): Exec {
  const exec = engine.execs.get(execId);
  if (!exec) throw new EngineError('not-found', `No such exec instance: ${execId}`);
  return exec;
}

/** Errors: `not-found`. */
export function execInspect(engine: Engine, execId: string): ExecInspection {
  const { id, containerId, input, state } = findExec(engine, execId);
  return {
    id,
    containerId,
    running: state.status === 'running',
    ...(state.status === 'ended' && { exitCode: state.code }),
    pid: state.status === 'running' || state.status === 'ended' ? state.pid : 0,
    canRemove: state.status === 'ended',
    input,
    openStdin: input.attachStdin,
  };
}

/** Sets the size of an exec's terminal. Errors: `not-found`, `conflict` (not running). */
export async function execResize(
  ctx: Ctx,
  engine: Engine,
  execId: string,
  height: number,
  width: number,
): Promise<void> {
  const exec = findExec(engine, execId);
  const run = engine.runs.get(exec.containerId);
  if (!run || exec.state.status !== 'running') {
    throw new EngineError('conflict', `exec ${execId} is not running`);
  }
  try {
    await run.shim.resize(ctx, height, width, execId);
  } catch (error) {
    if (!isEngineError(error, 'unavailable', 'not-found')) throw error;
    throw new EngineError('conflict', `exec ${execId} is not running`, { cause: error });
  }
}

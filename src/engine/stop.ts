import { backgroundCtx, type Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { ContainerId, ContainerRecord } from '../containers/record.ts';
import { isAlive } from '../containers/state.ts';
import { parseSignal } from '../formats/signals.ts';
import { publishContainer } from './container-events.ts';
import { cancelRestart, killAndWait, markStopped, SIGTERM, signalRun } from './end-container.ts';
import type { Engine } from './engine.ts';

export interface StopOptions {
  /** Name or number; absent or empty: the container's stop signal. */
  readonly signal?: string;
  /** Seconds before SIGKILL; -1 for ever; absent: the container's, else 10. */
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT = 10;
const LONGEST_TIMER = 2 ** 31 - 1;

/** Errors: `not-found`, `not-modified` (not running), `invalid` (signal), `system` (does not die). */
export async function stopContainer(
  ctx: Ctx,
  engine: Engine,
  ref: string,
  options: StopOptions,
): Promise<void> {
  const record = engine.containers.resolve(ref);
  if (!isUp(record)) throw new EngineError('not-modified', `container ${record.id} is already stopped`);
  const signal = options.signal ? parseSignal(options.signal) : stopSignalOf(record);
  await stop(ctx, engine, record, signal, stopTimeoutOf(record, options));
}

export function isUp({ state }: ContainerRecord): boolean {
  return isAlive(state) || state.status === 'restarting';
}

/** Seconds. */
export function stopTimeoutOf({ config }: ContainerRecord, { timeout }: StopOptions): number {
  return timeout ?? config.stopTimeout ?? DEFAULT_TIMEOUT;
}

/** The signal that asks a container to end. */
export function stopSignalOf({ config }: ContainerRecord): number {
  return config.stopSignal ? parseSignal(config.stopSignal) : SIGTERM;
}

/**
 * Asks, waits, kills. The lock is held only to ask and to kill, so that the end, or a `kill`, can come in between. Goes on
 * when the caller leaves, as dockerd does: half a stop is of no use to anybody.
 */
export async function stop(
  ctx: Ctx,
  engine: Engine,
  record: ContainerRecord,
  signal: number,
  timeout: number,
): Promise<void> {
  const { id } = record;
  const lasting = backgroundCtx(ctx.log);
  let forget = (): void => {};
  const exited = new Promise<void>((resolve) => {
    forget = engine.waiters.add(id, 'exit', () => resolve());
  });
  try {
    const asked = await engine.locks.run(id, () => ask(lasting, engine, id, signal));
    if (asked && !(await within(exited, timeout))) {
      await engine.locks.run(id, () => killAndWait(lasting, engine, id));
    }
  } finally {
    forget();
  }
  publishContainer(engine, record, 'stop');
}

/** False when it turns out to be down. */
async function ask(ctx: Ctx, engine: Engine, id: ContainerId, signal: number): Promise<boolean> {
  await cancelRestart(engine, id);
  const run = engine.runs.get(id);
  if (!run) return false;
  markStopped(engine, id);
  await signalRun(ctx, engine, engine.containers.resolve(id), run, signal, true);
  return true;
}

/** Whether `done` comes within `seconds`; a negative number waits for ever. */
async function within(done: Promise<void>, seconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    if (seconds >= 0) timer = setTimeout(resolve, Math.min(seconds * 1000, LONGEST_TIMER), false);
  });
  try {
    return await Promise.race([done.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { unreachable } from '../base/never.ts';
import type { ContainerRecord } from '../containers/record.ts';
import { type ContainerState, errorOf, exitCodeOf, isAlive } from '../containers/state.ts';
import type { Awaited, WaitResult } from '../containers/waiters.ts';
import type { Engine } from './engine.ts';

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** A registered wait. The API answers its headers now, so that the client knows it may start the container. */
export interface PendingWait {
  /** Rejects `cancelled` when `ctx` is aborted. */
  readonly result: Promise<WaitResult>;
}

/** Registers a wait before returning. Errors: `not-found`, `invalid` (condition). */
export function waitContainer(ctx: Ctx, engine: Engine, ref: string, condition?: string): PendingWait {
  const record = engine.containers.resolve(ref);
  const wanted = parseCondition(condition);
  switch (wanted) {
    case 'not-running':
      return isAlive(record.state) || record.state.status === 'restarting'
        ? pending(ctx, engine, record, 'exit')
        : { result: Promise.resolve(resultOf(record.state)) };
    case 'next-exit':
      return pending(ctx, engine, record, 'exit');
    case 'removed':
      return pending(ctx, engine, record, 'removal');
    default:
      return unreachable(wanted);
  }
}

function parseCondition(text: string | undefined): WaitCondition {
  switch (text) {
    case undefined:
    case '':
    case 'not-running':
      return 'not-running';
    case 'next-exit':
    case 'removed':
      return text;
    default:
      throw new EngineError('invalid', `invalid condition: ${JSON.stringify(text)}`);
  }
}

/** What a wait that ends in `state` reports. */
export function resultOf(state: ContainerState): WaitResult {
  const error = errorOf(state);
  return { statusCode: exitCodeOf(state), ...(error !== '' && { error }) };
}

function pending(ctx: Ctx, engine: Engine, record: ContainerRecord, awaited: Awaited): PendingWait {
  const result = new Promise<WaitResult>((resolve, reject) => {
    const cancel = (): void => {
      stop();
      reject(new EngineError('cancelled', `waiting for container ${record.id} was cancelled`));
    };
    const stop = engine.waiters.add(record.id, awaited, (outcome) => {
      ctx.signal.removeEventListener('abort', cancel);
      resolve(outcome);
    });
    if (ctx.signal.aborted) cancel();
    else ctx.signal.addEventListener('abort', cancel, { once: true });
  });
  // A caller that never gets to awaiting it is gone, and so is its interest in the rejection.
  result.catch(() => {});
  return { result };
}

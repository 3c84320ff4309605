import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backgroundCtx } from '../base/ctx.ts';
import { Semaphore } from './semaphore.ts';

const ctx = backgroundCtx();

test('places are given in the order of asking, and once each', async () => {
  const semaphore = new Semaphore(1);
  const order: string[] = [];
  const first = await semaphore.acquire(ctx);
  const waiting = ['a', 'b'].map(async (name) => {
    const release = await semaphore.acquire(ctx);
    order.push(name);
    release();
    release();
  });
  first();
  first();
  await Promise.all(waiting);
  assert.deepEqual(order, ['a', 'b']);
  const again = await semaphore.acquire(ctx);
  again();
});

test('who is cancelled in line takes no place', async () => {
  const semaphore = new Semaphore(1);
  const release = await semaphore.acquire(ctx);
  const controller = new AbortController();
  const cancelled = semaphore.acquire({ ...ctx, signal: controller.signal });
  const next = semaphore.acquire(ctx);
  controller.abort();
  await assert.rejects(cancelled, { kind: 'cancelled' });
  release();
  (await next)();
});

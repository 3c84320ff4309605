import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { backgroundCtx, type Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { reportLayers } from './images-progress.ts';
import { Arrivals, SharedTasks } from './images-shared.ts';

function cancellable(): { ctx: Ctx; cancel: () => void } {
  const abort = new AbortController();
  return { ctx: { ...backgroundCtx(), signal: abort.signal }, cancel: () => abort.abort() };
}

/** Work that ends when told to, or when everybody has left; cleaning up takes a turn. */
function work(): {
  run: (ctx: Ctx, report: (progress: string) => void) => Promise<string>;
  runs: number;
  cleaned: boolean;
  tell: (progress: string) => void;
  finish: (result: string) => void;
} {
  const state = {
    runs: 0,
    cleaned: false,
    tell: (_: string): void => {},
    finish: (_: string): void => {},
    async run(ctx: Ctx, report: (progress: string) => void): Promise<string> {
      state.runs++;
      state.tell = report;
      try {
        return await new Promise<string>((resolve, reject) => {
          state.finish = resolve;
          ctx.signal.addEventListener('abort', () => reject(new EngineError('cancelled', 'nobody is left')));
        });
      } catch (error) {
        await turn();
        state.cleaned = true;
        throw error;
      }
    },
  };
  return state;
}

test('all who ask share one run and hear its progress, late ones from the latest on', async () => {
  const tasks = new SharedTasks<string, string>();
  const job = work();
  const heard: string[] = [];
  const first = tasks.join(backgroundCtx(), 'k', job.run, (progress) => heard.push(`1 ${progress}`));
  await turn();
  job.tell('a');
  job.tell('b');
  const second = tasks.join(backgroundCtx(), 'k', job.run, (progress) => heard.push(`2 ${progress}`));
  await turn();
  job.tell('c');
  job.finish('done');
  assert.deepEqual(await Promise.all([first, second]), ['done', 'done']);
  assert.equal(job.runs, 1);
  assert.deepEqual(heard, ['1 a', '1 b', '2 b', '1 c', '2 c']);
});

test('one who leaves does not disturb the others; the last one’s leaving ends the work, cleaned up', async () => {
  const tasks = new SharedTasks<string, string>();
  const job = work();
  const [one, two] = [cancellable(), cancellable()];
  const first = assert.rejects(
    tasks.join(one.ctx, 'k', job.run, () => {}),
    { kind: 'cancelled' },
  );
  const second = assert.rejects(
    tasks.join(two.ctx, 'k', job.run, () => {}),
    { kind: 'cancelled' },
  );
  await turn();
  one.cancel();
  await first;
  assert.equal(job.cleaned, false);
  two.cancel();
  await second;
  assert.equal(job.cleaned, true, 'cancelled means that nothing is left');
});

test('who asks while an abandoned run is still cleaning up gets a new one', async () => {
  const tasks = new SharedTasks<string, string>();
  const [old, young] = [work(), work()];
  const one = cancellable();
  const first = assert.rejects(
    tasks.join(one.ctx, 'k', old.run, () => {}),
    { kind: 'cancelled' },
  );
  await turn();
  one.cancel();
  const second = tasks.join(backgroundCtx(), 'k', young.run, () => {});
  await first;
  await turn();
  assert.deepEqual([old.cleaned, young.runs], [true, 1]);
  young.finish('new');
  assert.equal(await second, 'new');
});

test('a failure reaches all, and the next one who asks starts anew', async () => {
  const tasks = new SharedTasks<string, string>();
  const fail = (): Promise<string> => Promise.reject(new EngineError('data-loss', 'bad'));
  const both = [1, 2].map(() => tasks.join(backgroundCtx(), 'k', fail, () => {}));
  for (const result of await Promise.allSettled(both)) assert.equal(result.status, 'rejected');
  assert.equal(
    await tasks.join(
      backgroundCtx(),
      'k',
      async () => 'good',
      () => {},
    ),
    'good',
  );
});

test('arrivals are waited for, found, or given up', async () => {
  const arrivals = new Arrivals();
  await arrivals.wait(backgroundCtx(), 'there', () => true);
  const { ctx, cancel } = cancellable();
  const gone = assert.rejects(
    arrivals.wait(ctx, 'k', () => false),
    { kind: 'cancelled' },
  );
  const waiting = arrivals.wait(backgroundCtx(), 'k', () => false);
  cancel();
  await gone;
  arrivals.announce('other');
  arrivals.announce('k');
  await waiting;
});

test('a fast counter is told now and then, a change of state always', () => {
  const lines: string[] = [];
  const report = reportLayers(['a', 'b'], (progress) => {
    if (progress.kind === 'status')
      lines.push(`${progress.id} ${progress.status} ${progress.current ?? ''}`.trim());
  });
  report(0, { status: 'Waiting' });
  for (let current = 1; current <= 1000; current++)
    report(0, { status: 'Downloading', current, total: 1000 });
  report(1, { status: 'Downloading', current: 1, total: 5 });
  report(0, { status: 'Pull complete' });
  assert.deepEqual(lines, [
    'a Waiting',
    'a Downloading 1',
    'a Downloading 1000',
    'b Downloading 1',
    'a Pull complete',
  ]);
});

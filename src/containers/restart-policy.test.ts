import assert from 'node:assert/strict';
import test from 'node:test';
import type { RestartPolicy } from './host-config.ts';
import { type EndedRun, restartDelay } from './restart-policy.ts';

const failed: EndedRun = { exitCode: 1, restartCount: 0, stoppedByUser: false, uptime: 50, lastDelay: 0 };
const policy = (name: RestartPolicy['name'], maximumRetryCount = 0): RestartPolicy => ({
  name,
  maximumRetryCount,
});

const rows: { name: string; policy: RestartPolicy; run: EndedRun; want: number | undefined }[] = [
  { name: 'no', policy: policy('no'), run: failed, want: undefined },
  { name: 'always', policy: policy('always'), run: { ...failed, exitCode: 0 }, want: 100 },
  {
    name: 'always, stopped',
    policy: policy('always'),
    run: { ...failed, stoppedByUser: true },
    want: undefined,
  },
  { name: 'unless-stopped', policy: policy('unless-stopped'), run: failed, want: 100 },
  { name: 'on-failure after a failure', policy: policy('on-failure'), run: failed, want: 100 },
  {
    name: 'on-failure after success',
    policy: policy('on-failure'),
    run: { ...failed, exitCode: 0 },
    want: undefined,
  },
  { name: 'tries left', policy: policy('on-failure', 2), run: { ...failed, restartCount: 1 }, want: 100 },
  {
    name: 'no tries left',
    policy: policy('on-failure', 2),
    run: { ...failed, restartCount: 2 },
    want: undefined,
  },
  { name: 'the delay doubles', policy: policy('always'), run: { ...failed, lastDelay: 400 }, want: 800 },
  { name: 'up to a minute', policy: policy('always'), run: { ...failed, lastDelay: 51_200 }, want: 60_000 },
  {
    name: 'anew after ten seconds up',
    policy: policy('always'),
    run: { ...failed, lastDelay: 800, uptime: 10_000 },
    want: 100,
  },
];

for (const { name, policy: given, run, want } of rows) {
  test(`restart policy: ${name}`, () => assert.equal(restartDelay(given, run), want));
}

import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type ContainerState,
  CREATED,
  errorOf,
  exitCodeOf,
  next,
  type StateEvent,
  timesOf,
  ZERO_TIME,
} from './state.ts';

const T0 = '2025-01-01T00:00:00Z';
const T1 = '2025-01-01T00:00:01Z';
const T2 = '2025-01-01T00:00:02Z';

const running: ContainerState = { status: 'running', pid: 7, startedAt: T0, finishedAt: ZERO_TIME };
const paused: ContainerState = { ...running, status: 'paused' };
const exited: ContainerState = {
  status: 'exited',
  code: 3,
  startedAt: T0,
  finishedAt: T1,
  oomKilled: false,
  error: '',
};
const restarting: ContainerState = { ...exited, status: 'restarting' };
const removing: ContainerState = { status: 'removing', from: exited };
const dead: ContainerState = { status: 'dead', error: 'busy', last: exited };

const started: StateEvent = { type: 'started', pid: 9, startedAt: T2 };
const failed: StateEvent = { type: 'start-failed', code: 127, error: 'no such file', at: T2 };
const end = (again: boolean): StateEvent => ({
  type: 'exited',
  code: 3,
  finishedAt: T1,
  oomKilled: false,
  error: '',
  restarting: again,
});

const transitions: { name: string; from: ContainerState; event: StateEvent; want: ContainerState }[] = [
  {
    name: 'first start',
    from: CREATED,
    event: started,
    want: { status: 'running', pid: 9, startedAt: T2, finishedAt: ZERO_TIME },
  },
  {
    name: 'a later start remembers when the last run ended',
    from: exited,
    event: started,
    want: { status: 'running', pid: 9, startedAt: T2, finishedAt: T1 },
  },
  {
    name: 'restart by policy',
    from: restarting,
    event: started,
    want: { status: 'running', pid: 9, startedAt: T2, finishedAt: T1 },
  },
  {
    name: 'a failed first start leaves it created',
    from: CREATED,
    event: failed,
    want: { status: 'created', code: 127, error: 'no such file' },
  },
  {
    name: 'a failed later start leaves it exited',
    from: exited,
    event: failed,
    want: { ...exited, code: 127, error: 'no such file', finishedAt: T2 },
  },
  { name: 'pause', from: running, event: { type: 'paused' }, want: paused },
  { name: 'unpause', from: paused, event: { type: 'unpaused' }, want: running },
  { name: 'end', from: running, event: end(false), want: exited },
  { name: 'end while paused', from: paused, event: end(false), want: exited },
  { name: 'end, to be restarted', from: running, event: end(true), want: restarting },
  { name: 'restart called off', from: restarting, event: { type: 'restart-cancelled' }, want: exited },
  { name: 'restart due', from: exited, event: { type: 'restart-due' }, want: restarting },
  { name: 'remove', from: exited, event: { type: 'removing' }, want: removing },
  {
    name: 'remove never started',
    from: CREATED,
    event: { type: 'removing' },
    want: { status: 'removing', from: CREATED },
  },
  { name: 'removal fails', from: removing, event: { type: 'remove-failed', error: 'busy' }, want: dead },
  {
    name: 'a dead one may be removed again',
    from: dead,
    event: { type: 'removing' },
    want: { status: 'removing', from: dead },
  },
];

for (const { name, from, event, want } of transitions) {
  test(name, () => assert.deepEqual(next(from, event), want));
}

const impossible: [ContainerState, StateEvent][] = [
  [running, started],
  [running, failed],
  [running, { type: 'removing' }],
  [running, { type: 'unpaused' }],
  [exited, { type: 'paused' }],
  [exited, end(false)],
  [CREATED, end(false)],
  [restarting, { type: 'removing' }],
  [removing, started],
  [removing, { type: 'removing' }],
  [dead, started],
  [exited, { type: 'restart-cancelled' }],
  [exited, { type: 'remove-failed', error: '' }],
];

for (const [from, event] of impossible) {
  test(`${from.status} does not take ${event.type}`, () => {
    assert.throws(() => next(from, event), {
      message: `container state ${from.status} does not take ${event.type}`,
    });
  });
}

const views: { state: ContainerState; code: number; error: string; startedAt: string; finishedAt: string }[] =
  [
    { state: CREATED, code: 0, error: '', startedAt: ZERO_TIME, finishedAt: ZERO_TIME },
    { state: running, code: 0, error: '', startedAt: T0, finishedAt: ZERO_TIME },
    { state: exited, code: 3, error: '', startedAt: T0, finishedAt: T1 },
    { state: removing, code: 3, error: '', startedAt: T0, finishedAt: T1 },
    { state: dead, code: 3, error: 'busy', startedAt: T0, finishedAt: T1 },
  ];

for (const { state, code, error, startedAt, finishedAt } of views) {
  test(`what is reported while ${state.status}`, () => {
    assert.equal(exitCodeOf(state), code);
    assert.equal(errorOf(state), error);
    assert.deepEqual(timesOf(state), { startedAt, finishedAt });
  });
}

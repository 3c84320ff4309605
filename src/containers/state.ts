import { unreachable } from '../base/never.ts';

/** A running init process; `pid` is the host's. Times are RFC 3339 with nanoseconds, UTC. */
export interface Alive {
  readonly pid: number;
  readonly startedAt: string;
  /** End of the run before this one; {@link ZERO_TIME} when it is the first. */
  readonly finishedAt: string;
}

/** How a run ended. `code` is 0–255, 128+n after signal n. */
export interface Ended {
  readonly code: number;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly oomKilled: boolean;
  /** What the engine has to say about it, empty mostly. */
  readonly error: string;
}

/** Never ran. `code` and `error` tell of a start that failed (126, 127 or 128). */
export interface NeverRan {
  readonly code: number;
  readonly error: string;
}

/** A container that is not running and may be started. */
export type RestingState =
  | ({ readonly status: 'created' } & NeverRan)
  | ({ readonly status: 'exited' } & Ended);

/**
 * The state of a container. Docker's overlapping booleans (Running, Paused, Restarting, Dead) are derived from it at
 * the API's edge.
 */
export type ContainerState =
  | RestingState
  | ({ readonly status: 'running' } & Alive)
  | ({ readonly status: 'paused' } & Alive)
  /** Ended, and to be started again by its restart policy after a delay. */
  | ({ readonly status: 'restarting' } & Ended)
  | { readonly status: 'removing'; readonly from: RestingState | DeadState }
  | DeadState;

/** A removal failed half-way; only another removal is possible. */
export type DeadState = { readonly status: 'dead'; readonly error: string; readonly last: RestingState };

export type ContainerStatus = ContainerState['status'];

export type StateEvent =
  | { readonly type: 'started'; readonly pid: number; readonly startedAt: string }
  | { readonly type: 'start-failed'; readonly code: number; readonly error: string; readonly at: string }
  | { readonly type: 'paused' }
  | { readonly type: 'unpaused' }
  | {
      readonly type: 'exited';
      readonly code: number;
      readonly finishedAt: string;
      readonly oomKilled: boolean;
      readonly error: string;
      /** Whether the restart policy will start it again. */
      readonly restarting: boolean;
    }
  /** Shall be started again by its restart policy: the daemon starts. */
  | { readonly type: 'restart-due' }
  /** A pending restart is called off: by stop, rm or the daemon. */
  | { readonly type: 'restart-cancelled' }
  | { readonly type: 'removing' }
  | { readonly type: 'remove-failed'; readonly error: string };

export const CREATED: RestingState = { status: 'created', code: 0, error: '' };

/**
 * The one transition function. Whether a request is allowed is decided, with Docker's texts, by the use case that got
 * it; an event that cannot happen in `state` is a bug and throws a plain Error.
 */
export function next(state: ContainerState, event: StateEvent): ContainerState {
  switch (event.type) {
    case 'started':
      return isStartable(state)
        ? {
            status: 'running',
            pid: event.pid,
            startedAt: event.startedAt,
            finishedAt: timesOf(state).finishedAt,
          }
        : impossible(state, event);
    case 'start-failed':
      return startFailed(state, event);
    case 'paused':
      return state.status === 'running' ? { ...state, status: 'paused' } : impossible(state, event);
    case 'unpaused':
      return state.status === 'paused' ? { ...state, status: 'running' } : impossible(state, event);
    case 'exited':
      return isAlive(state) ? ended(state, event) : impossible(state, event);
    case 'restart-due':
      return state.status === 'exited' ? { ...state, status: 'restarting' } : impossible(state, event);
    case 'restart-cancelled':
      return state.status === 'restarting' ? { ...state, status: 'exited' } : impossible(state, event);
    case 'removing':
      return state.status === 'created' || state.status === 'exited' || state.status === 'dead'
        ? { status: 'removing', from: state }
        : impossible(state, event);
    case 'remove-failed':
      return state.status === 'removing'
        ? { status: 'dead', error: event.error, last: restingOf(state.from) }
        : impossible(state, event);
    default:
      return unreachable(event);
  }
}

type StartFailed = Extract<StateEvent, { type: 'start-failed' }>;
type Exited = Extract<StateEvent, { type: 'exited' }>;

function startFailed(state: ContainerState, event: StartFailed): ContainerState {
  switch (state.status) {
    case 'created':
      return { status: 'created', code: event.code, error: event.error };
    case 'exited':
    case 'restarting':
      return { ...state, status: 'exited', code: event.code, error: event.error, finishedAt: event.at };
    default:
      return impossible(state, event);
  }
}

function ended(state: Alive, event: Exited): ContainerState {
  return {
    status: event.restarting ? 'restarting' : 'exited',
    code: event.code,
    startedAt: state.startedAt,
    finishedAt: event.finishedAt,
    oomKilled: event.oomKilled,
    error: event.error,
  };
}

function restingOf(state: RestingState | DeadState): RestingState {
  return state.status === 'dead' ? state.last : state;
}

function impossible(state: ContainerState, event: StateEvent): never {
  throw new Error(`container state ${state.status} does not take ${event.type}`);
}

/** True while the container has processes. */
export function isAlive(
  state: ContainerState,
): state is Extract<ContainerState, { status: 'running' | 'paused' }> {
  return state.status === 'running' || state.status === 'paused';
}

/** True where a start makes sense. */
export function isStartable(state: ContainerState): boolean {
  return state.status === 'created' || state.status === 'exited' || state.status === 'restarting';
}

/** The exit code Docker reports: of the last run, or of a failed start; 0 while running. */
export function exitCodeOf(state: ContainerState): number {
  switch (state.status) {
    case 'running':
    case 'paused':
      return 0;
    case 'created':
    case 'exited':
    case 'restarting':
      return state.code;
    case 'removing':
      return exitCodeOf(state.from);
    case 'dead':
      return exitCodeOf(state.last);
    default:
      return unreachable(state);
  }
}

/** The error text Docker reports in `State.Error`. */
export function errorOf(state: ContainerState): string {
  switch (state.status) {
    case 'running':
    case 'paused':
      return '';
    case 'created':
    case 'exited':
    case 'restarting':
    case 'dead':
      return state.error;
    case 'removing':
      return errorOf(state.from);
    default:
      return unreachable(state);
  }
}

/** Times Docker reports; its zero time where there is none. */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

/** When the last run began and ended. */
export function timesOf(state: ContainerState): { startedAt: string; finishedAt: string } {
  switch (state.status) {
    case 'created':
      return { startedAt: ZERO_TIME, finishedAt: ZERO_TIME };
    case 'running':
    case 'paused':
    case 'exited':
    case 'restarting':
      return { startedAt: state.startedAt, finishedAt: state.finishedAt };
    case 'removing':
      return timesOf(state.from);
    case 'dead':
      return timesOf(state.last);
    default:
      return unreachable(state);
  }
}

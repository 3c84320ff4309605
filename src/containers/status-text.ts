import { unreachable } from '../base/never.ts';
import { humanDuration } from '../formats/units.ts';
import type { ContainerState } from './state.ts';

/** The STATUS column of `ps`, in Docker's words. `now` in milliseconds since the epoch. */
export function statusText(state: ContainerState, now: number): string {
  switch (state.status) {
    case 'created':
      return 'Created';
    case 'running':
      return `Up ${since(state.startedAt, now)}`;
    case 'paused':
      return `Up ${since(state.startedAt, now)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.code}) ${since(state.finishedAt, now)} ago`;
    case 'exited':
      return `Exited (${state.code}) ${since(state.finishedAt, now)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    default:
      return unreachable(state);
  }
}

function since(time: string, now: number): string {
  return humanDuration(now - Date.parse(time));
}

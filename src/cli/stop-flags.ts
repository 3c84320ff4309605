import type { StopQuery } from '../client/containers.ts';
import type { Values } from './flags/flag.ts';
import { intMaybe, string } from './flags/scalars.ts';

/** Flags of `stop` and `restart`. */
export const STOP_FLAGS = {
  signal: string("Signal to send first (by default the image's, else SIGTERM)", '', {
    short: 's',
    since: '1.42',
  }),
  timeout: intMaybe('Seconds to wait before SIGKILL', { short: 't', aliases: ['time'] }),
};

export function stopQuery({ signal, timeout }: Values<typeof STOP_FLAGS>): StopQuery {
  return { signal: signal || undefined, t: timeout };
}

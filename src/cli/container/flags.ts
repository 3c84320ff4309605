import type { Values } from '../flags/flag.ts';
import { HOST_FLAGS } from './host-flags.ts';
import { LIMIT_FLAGS } from './limit-flags.ts';
import { NETWORK_FLAGS } from './network-flags.ts';
import { PROCESS_FLAGS } from './process-flags.ts';

/** The flags `create` and `run` have in common. */
export const CREATE_FLAGS = { ...PROCESS_FLAGS, ...NETWORK_FLAGS, ...HOST_FLAGS, ...LIMIT_FLAGS };

export type CreateFlags = Values<typeof CREATE_FLAGS>;

import type { Refusal } from './refusal.ts';

const LONGEST_BACKOFF = 30_000;
/** A registry that asks for a longer pause gets no second request: its message is of more use to the person waiting. */
const LONGEST_RETRY_AFTER = 60_000;

/** True for answers that may be others in a moment: the server's own trouble, or too many requests just now. */
export function isTransient({ status, retryAfterMs }: Refusal): boolean {
  if (retryAfterMs !== undefined && retryAfterMs > LONGEST_RETRY_AFTER) return false;
  return status === 408 || status === 429 || status >= 500;
}

/** Milliseconds to wait before attempt `attempt` (the second is 2): what the server asked for, or doubling from `base`. */
export function backoffMs(attempt: number, base: number, retryAfterMs?: number): number {
  return Math.max(retryAfterMs ?? 0, Math.min(base * 2 ** (attempt - 2), LONGEST_BACKOFF));
}

import { EngineError } from '../base/errors.ts';

/** Linux counts at most 8192 CPUs (CONFIG_NR_CPUS). */
const MAX_CPU = 8191;

/**
 * The CPUs (or memory nodes) of a list such as `0-3,7`, ascending (cpuset(7), "List format"). Empty text is the empty list.
 * Throws `invalid` naming `what` for anything else.
 */
export function parseCpuset(text: string, what: string): number[] {
  if (text.trim() === '') return [];
  const cpus = new Set<number>();
  for (const part of text.trim().split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    const first = Number(match?.[1]);
    const last = match?.[2] === undefined ? first : Number(match[2]);
    if (!match || last < first || last > MAX_CPU) {
      throw new EngineError('invalid', `invalid value ${text} for ${what}`);
    }
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}

import { EngineError } from '../base/errors.ts';

/** Flags by what they are about: of those in one row only the last given counts. */
const FLAGS: readonly (readonly string[])[] = [
  ['ro', 'rw'],
  ['suid', 'nosuid'],
  ['dev', 'nodev'],
  ['exec', 'noexec'],
  ['sync', 'async'],
  ['dirsync'],
  ['mand', 'nomand'],
  ['atime', 'noatime'],
  ['diratime', 'nodiratime'],
  ['relatime', 'norelatime'],
  ['strictatime', 'nostrictatime'],
  ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave', 'unbindable', 'runbindable'],
];
/** tmpfs(5) */
const KEYS = ['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol'];
const DEFAULTS = ['noexec', 'nosuid', 'nodev', 'rprivate'];

/** Options of a tmpfs for a container: Docker's defaults overlaid with those given. Throws `invalid` in Docker's words. */
export function tmpfsOptions(given: readonly string[]): string[] {
  const chosen = new Map<string, string>();
  for (const option of [...DEFAULTS, ...given]) {
    if (option === 'defaults') continue;
    const key = keyOf(option);
    chosen.delete(key);
    chosen.set(key, option);
  }
  return [...chosen.values()];
}

function keyOf(option: string): string {
  const row = FLAGS.findIndex((flags) => flags.includes(option));
  if (row >= 0) return `flag ${row}`;
  const [key = '', value] = option.split('=', 2);
  if (value === undefined || !KEYS.includes(key)) {
    throw new EngineError(
      'invalid',
      `invalid tmpfs option [${option
        .split('=')
        .map((part) => JSON.stringify(part))
        .join(' ')}]`,
    );
  }
  return key;
}

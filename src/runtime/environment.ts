/** Search path of a container whose image sets none. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Environment of a container's first process: PATH, HOSTNAME and, with a terminal, TERM, then `env`. Of two entries for one
 * name the later counts, in the earlier one's place; an entry without `=` removes the name.
 */
export function containerEnvironment(env: readonly string[], hostname: string, tty: boolean): string[] {
  const own = [`PATH=${DEFAULT_PATH}`, `HOSTNAME=${hostname}`, ...(tty ? ['TERM=xterm'] : [])];
  return mergeEnvironment(own, env);
}

/** `base` with `overrides` laid over it; see {@link containerEnvironment}. */
export function mergeEnvironment(base: readonly string[], overrides: readonly string[]): string[] {
  const values = new Map<string, string>();
  for (const entry of [...base, ...overrides]) {
    const equals = entry.indexOf('=');
    if (equals < 0) values.delete(entry);
    else values.set(entry.slice(0, equals), entry);
  }
  return [...values.values()];
}

/** The value of `name` in an environment, or `undefined`. */
export function environmentValue(env: readonly string[], name: string): string | undefined {
  return env.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
}

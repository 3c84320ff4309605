import { EngineError } from '../../base/errors.ts';
import type { ProxySettings } from '../../formats/docker-config.ts';
import type { Env } from '../cli-context.ts';
import { readInput } from '../files.ts';
import { splitPair } from '../flags/lists.ts';

function fail(message: string): never {
  throw new EngineError('invalid', message);
}

/** An `-e`: `NAME=VALUE`, or `NAME` to take over (checked here, looked up later). Throws `invalid`. */
export function checkEnv(text: string): string {
  return splitPair(text)[0] === '' ? fail(`invalid environment variable: ${text}`) : text;
}

/** A `--label`. Throws `invalid`. */
export function checkLabel(text: string): string {
  return splitPair(text)[0] === '' ? fail(`invalid label '${text}': empty name`) : text;
}

/**
 * The variables of `--env-file`s and `-e`s in that order. A bare name takes its value from `env`; one that is not there
 * is left out of files, and passed on bare from the command line (the daemon then unsets it).
 */
export async function collectEnv(
  files: readonly string[],
  given: readonly string[],
  env: Env,
): Promise<string[]> {
  const fromFiles = await readLines(files, (name) =>
    env[name] === undefined ? undefined : `${name}=${env[name]}`,
  );
  const fromFlags = given.map((text) => {
    const [name, value] = splitPair(text);
    return value === undefined && env[name] !== undefined ? `${name}=${env[name]}` : text;
  });
  return [...fromFiles, ...fromFlags];
}

/** The labels of `--label-file`s and `-l`s; the last of a name wins. */
export async function collectLabels(
  files: readonly string[],
  given: readonly string[],
): Promise<Record<string, string>> {
  const lines = [...(await readLines(files, (name) => name)), ...given];
  return Object.fromEntries(lines.map((line) => [splitPair(line)[0], splitPair(line)[1] ?? '']));
}

/** Lines of `NAME=VALUE`; `bare` says what becomes of a name alone. Blank lines and those starting with `#` are skipped. */
async function readLines(
  files: readonly string[],
  bare: (name: string) => string | undefined,
): Promise<string[]> {
  const all: string[] = [];
  for (const file of files) {
    const lines = (await readInput(file)).replace(/^\uFEFF/, '').split(/\r?\n/);
    for (const [i, raw] of lines.entries()) {
      const line = raw.trimStart();
      if (line === '' || line.startsWith('#')) continue;
      if (line.includes('\uFFFD')) fail(`invalid env file (${file}): invalid utf8 bytes at line ${i + 1}`);
      const [name, value] = splitPair(line);
      if (name === '') fail(`invalid env file (${file}): no variable name on line '${line}'`);
      if (/\s/.test(name)) fail(`invalid env file (${file}): variable '${name}' contains whitespaces`);
      const kept = value === undefined ? bare(name) : line;
      if (kept !== undefined) all.push(kept);
    }
  }
  return all;
}

/** The configuration's proxy settings, as variables, where `given` does not set them itself. */
export function withProxies(given: readonly string[], proxy: ProxySettings | undefined): string[] {
  const values: Readonly<Record<string, string | undefined>> = {
    HTTP_PROXY: proxy?.httpProxy,
    HTTPS_PROXY: proxy?.httpsProxy,
    NO_PROXY: proxy?.noProxy,
    FTP_PROXY: proxy?.ftpProxy,
    ALL_PROXY: proxy?.allProxy,
  };
  const set = new Set(given.map((text) => splitPair(text)[0]));
  const added = Object.entries(values).flatMap(([name, value]) =>
    value
      ? [name, name.toLowerCase()].filter((each) => !set.has(each)).map((each) => `${each}=${value}`)
      : [],
  );
  return [...given, ...added];
}

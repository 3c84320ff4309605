import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EngineError, messageOf } from '../base/errors.ts';
import type { StringMap } from '../wire/types-common.ts';

/** One registry's entry of `auths`. `auth` is base64 of `USER:PASSWORD`. */
export interface AuthEntry {
  auth?: string;
  username?: string;
  password?: string;
  identitytoken?: string;
  registrytoken?: string;
}

export interface ProxyEntry {
  httpProxy?: string;
  httpsProxy?: string;
  noProxy?: string;
  ftpProxy?: string;
  allProxy?: string;
}

/** The parts of Docker's `config.json` that are honoured; all others are left alone. */
export interface DockerConfig {
  auths?: Record<string, AuthEntry>;
  credsStore?: string;
  credHelpers?: StringMap;
  HttpHeaders?: StringMap;
  psFormat?: string;
  imagesFormat?: string;
  detachKeys?: string;
  currentContext?: string;
  proxies?: Record<string, ProxyEntry>;
}

/** `--config`, `DOCKER_CONFIG` or `~/.docker`. */
export function configDir(env: Readonly<Record<string, string | undefined>>, flag?: string): string {
  return flag || env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
}

/** Reads `config.json` in `dir`; empty when there is none. Throws `invalid` naming the file when it is not JSON. */
export function loadDockerConfig(dir: string): DockerConfig {
  const path = join(dir, 'config.json');
  const text = readIfThere(path);
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as DockerConfig;
  } catch (error) {
    throw new EngineError('invalid', `${path}: not JSON: ${messageOf(error)}`, { cause: error });
  }
  throw new EngineError('invalid', `${path}: expected a JSON object`);
}

/** A small file's text, or undefined when it is not there or may not be read. Waits: loading the other way takes longer. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

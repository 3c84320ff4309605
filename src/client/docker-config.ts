import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type DockerConfig, parseDockerConfig } from '../formats/docker-config.ts';

/** `--config`, `DOCKER_CONFIG` or `~/.docker`. */
export function configDir(env: Readonly<Record<string, string | undefined>>, flag?: string): string {
  return flag || env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
}

/** Reads `config.json` in `dir`; empty when there is none. Throws `invalid` naming the file and the field. */
export function loadDockerConfig(dir: string): DockerConfig {
  const path = join(dir, 'config.json');
  return parseDockerConfig(readIfThere(path) ?? '', path);
}

/** A small file's text, or undefined when it is not there or may not be read. Waits: loading the other way takes longer. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../base/errors.ts';
import { formatSpec, parseSpec } from './parse-spec.ts';
import type { Spec } from './spec.ts';

/** `root.path` of the specs we write: an empty directory of the bundle, on which the container attaches its root. */
export const ROOTFS = 'rootfs';

/** Writes an OCI bundle's config.json. Its content is of use only while the container runs, so it need not outlast power. */
export function writeBundle(bundle: string, spec: Spec): void {
  mkdirSync(join(bundle, ROOTFS), { recursive: true });
  writeFileSync(join(bundle, 'config.json'), formatSpec(spec), { mode: 0o600 });
}

/** Reads a bundle's config.json. Throws `data-loss` when it is gone or not what {@link writeBundle} wrote. */
export function readBundle(bundle: string): Spec {
  const path = join(bundle, 'config.json');
  try {
    return parseSpec(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new EngineError('data-loss', `${path}: cannot be read as a container's spec`, { cause: error });
  }
}

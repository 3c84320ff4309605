import { mkdir, stat } from 'node:fs/promises';
import { EngineError, messageOf } from '../base/errors.ts';
import type { MountPoint } from '../containers/mount-point.ts';

type Bind = Extract<MountPoint, { type: 'bind' }>;

/** Throws `invalid` for a `--mount` whose source does not exist. Those of `-v` are made at start. */
export async function checkBindSources(mounts: readonly MountPoint[]): Promise<void> {
  for (const mount of mounts) {
    if (mount.type === 'bind' && !mount.bind.createMountpoint && !(await exists(mount.source)))
      throw missing(mount);
  }
}

/** Makes missing sources of `-v` as directories, and checks the others again. Throws `invalid`. */
export async function makeBindSources(mounts: readonly MountPoint[]): Promise<void> {
  for (const mount of mounts) {
    if (mount.type !== 'bind' || (await exists(mount.source))) continue;
    if (!mount.bind.createMountpoint) throw missing(mount);
    await mkdir(mount.source, { recursive: true, mode: 0o755 }).catch((cause: unknown) => {
      throw new EngineError(
        'invalid',
        `error while creating mount source path '${mount.source}': ${messageOf(cause)}`,
        { cause },
      );
    });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return false;
    throw error;
  }
}

function missing(mount: Bind): EngineError {
  return new EngineError(
    'invalid',
    `invalid mount config for type "bind": bind source path does not exist: ${mount.source}`,
  );
}

import { basename, dirname } from 'node:path';
import type { Ctx } from '../base/ctx.ts';
import { O_DIRECTORY, O_PATH } from '../kernel/constants.ts';
import { removeTree } from '../kernel/directories.ts';
import { openPath, own } from '../kernel/fd.ts';

/**
 * Removes a directory of ours with everything in it, if it exists. A mount inside it, which should not be there, is an
 * error and not crossed: behind it lies what belongs to somebody else.
 */
export async function removeDirectory(ctx: Ctx, path: string): Promise<void> {
  using parent = own(openPath(dirname(path), O_PATH | O_DIRECTORY));
  await removeTree(ctx, parent.fd, basename(path));
}

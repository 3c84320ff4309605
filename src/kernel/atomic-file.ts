import { randomBytes } from 'node:crypto';
import { chmod } from './attributes.ts';
import { O_DIRECTORY, O_RDONLY } from './constants.ts';
import { createFile, rename, unlink } from './entries.ts';
import { type Fd, openAt, own } from './fd.ts';
import { fdatasync, fsync, writeAll } from './files.ts';

/**
 * Puts a file with this content in the place of whatever is at `name`: a reader sees all of the old or all of the new. With
 * `durable` it is on the disk, directory entry included, when this returns; otherwise the page cache has it.
 */
export async function replaceFile(
  directory: Fd,
  name: string,
  content: Uint8Array,
  options: { readonly mode: number; readonly durable: boolean },
): Promise<void> {
  const temporary = `.${name}.${randomBytes(6).toString('hex')}.tmp`;
  using file = own(createFile(directory, temporary));
  try {
    writeAll(file.fd, content);
    chmod(file.fd, '', options.mode);
    if (options.durable) await fdatasync(file.fd);
    rename(directory, temporary, directory, name);
  } catch (error) {
    unlink(directory, temporary);
    throw error;
  }
  if (!options.durable) return;
  using opened = own(openAt(directory, '.', O_RDONLY | O_DIRECTORY));
  await fsync(opened.fd);
}

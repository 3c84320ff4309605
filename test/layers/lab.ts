import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { digestOf } from '../../src/formats/digest.ts';
import type { TarEntry } from '../../src/formats/tar-entry.ts';
import { TAR_END, tarHeader, tarPaddingBytes } from '../../src/formats/tar-writer.ts';
import { statEntry } from '../../src/kernel/attributes.ts';
import { O_DIRECTORY, O_PATH } from '../../src/kernel/constants.ts';
import { readDirectory } from '../../src/kernel/directories.ts';
import { readLink } from '../../src/kernel/entries.ts';
import { closeFd, type Fd, openAt, openPath, procPath } from '../../src/kernel/fd.ts';
import { withOverlay } from '../../src/kernel/overlay.ts';
import { getXattr, listXattrs } from '../../src/kernel/xattrs.ts';
import { settle } from '../../src/layers/settle.ts';
import { unpackLayer } from '../../src/layers/unpack/unpack-layer.ts';
import type { UnpackResult, WhiteoutStyle } from '../../src/layers/unpack-job.ts';

export const ctx = backgroundCtx();

/** A directory of the test's own, gone afterwards. */
export function scratch(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-layers-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export type Member = Partial<TarEntry> & { readonly name: string; readonly body?: string | Buffer };

const PLAIN: TarEntry = {
  name: '',
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: { sec: 1_600_000_000, nsec: 123_456_789 },
  linkname: '',
  major: 0,
  minor: 0,
  xattrs: [],
  uname: '',
  gname: '',
};

/** An archive spelled member by member; names are not checked. A name that ends in `/` is a directory. */
export function tarOf(members: readonly Member[]): Buffer {
  const parts: Buffer[] = [];
  for (const { body, ...fields } of members) {
    const data = Buffer.from(body ?? '');
    const isDirectory = fields.name.endsWith('/');
    const base = isDirectory ? { ...PLAIN, type: 'directory' as const, mode: 0o755 } : PLAIN;
    parts.push(tarHeader({ ...base, size: data.length, ...fields }), data, tarPaddingBytes(data.length));
  }
  return Buffer.concat([...parts, TAR_END]);
}

export async function* inPieces(bytes: Buffer, step = 65_536): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

/** Unpacks an archive in this thread. */
export function unpackHere(
  tar: Buffer,
  target: string,
  whiteouts: WhiteoutStyle = 'overlay',
): Promise<UnpackResult> {
  return unpackLayer(inPieces(tar), { target, whiteouts }, () => {});
}

/**
 * Unpacks archives as layers, bottom first, and settles each on those below; the directories, the uppermost first. With
 * style `facts` each holds its whole tree.
 */
export async function stack(
  dir: string,
  tars: readonly Buffer[],
  style: WhiteoutStyle = 'overlay',
): Promise<string[]> {
  let dirs: string[] = [];
  for (const [i, tar] of tars.entries()) {
    const target = join(dir, `layer-${style}-${i}`);
    const { deferred } = await unpackHere(tar, target, style);
    await settle(ctx, target, deferred, style === 'facts' ? dirs.slice(0, 1) : dirs);
    dirs = [target, ...dirs];
  }
  return style === 'facts' ? dirs.slice(0, 1) : dirs;
}

export interface ListOptions {
  readonly mtimes?: boolean;
  readonly blocks?: boolean;
}

/**
 * A tree as sorted lines that say everything about it: type, mode, owner, size, time, link group, device, link text, extended
 * attributes, hash of the content. Two trees are equal when their lines are.
 */
export function listTree(root: Fd | string, options: ListOptions = {}): string[] {
  const fd = typeof root === 'string' ? openPath(root, O_PATH | O_DIRECTORY) : root;
  const lines: string[] = [];
  const groups = new Map<string, string>();
  list(fd, '', '.', { mtimes: true, ...options }, lines, groups);
  if (typeof root === 'string') closeFd(fd);
  return lines;
}

function list(
  at: Fd,
  name: string,
  path: string,
  options: ListOptions,
  lines: string[],
  groups: Map<string, string>,
): void {
  const stat = statEntry(at, name);
  const parts = [path, stat.type, stat.mode.toString(8), `${stat.uid}:${stat.gid}`];
  if (options.mtimes) parts.push(`${stat.mtime.sec}.${String(stat.mtime.nsec).padStart(9, '0')}`);
  if (stat.type === 'char' || stat.type === 'block') parts.push(`${stat.rdev.major}:${stat.rdev.minor}`);
  if (stat.type === 'symlink') parts.push(`-> ${readLink(at, name)}`);
  for (const key of listXattrs(at, name).sort()) {
    if (key !== 'security.selinux') parts.push(`${key}=${getXattr(at, name, key)?.toString('hex')}`);
  }
  if (stat.type !== 'directory' && stat.nlink > 1) {
    const inode = `${stat.dev} ${stat.ino}`;
    const first = groups.get(inode) ?? path;
    groups.set(inode, first);
    parts.push(`links=${stat.nlink} like ${first}`);
  }
  if (stat.type === 'file') {
    const file = openAt(at, name, 0);
    parts.push(
      `${stat.size}`,
      createHash('sha256')
        .update(readFileSync(procPath(file)))
        .digest('hex')
        .slice(0, 16),
    );
    closeFd(file);
    if (options.blocks) parts.push(`${stat.blocks} blocks`);
  }
  lines.push(parts.join(' '));
  if (stat.type !== 'directory') return;
  const directory = name === '' ? at : openAt(at, name, O_PATH | O_DIRECTORY);
  const names = readDirectory(directory).map((entry) => entry.name);
  for (const below of names.sort()) list(directory, below, `${path}/${below}`, options, lines, groups);
  if (directory !== at) closeFd(directory);
}

/** What the merge of layers looks like to a container: mounted by the kernel. */
export async function listMerged(lowerDirs: readonly string[], options: ListOptions = {}): Promise<string[]> {
  return withOverlay({ base: '/', lower: lowerDirs }, async (root) => listTree(root, options));
}

export function emptyDir(dir: string): string {
  mkdirSync(dir);
  return dir;
}

export { digestOf };

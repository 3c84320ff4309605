import { release } from 'node:os';
import { EngineError } from '../base/errors.ts';
import { startWorker } from '../base/worker-entry.ts';
import { O_DIRECTORY, O_PATH } from './constants.ts';
import { asFd, closeFd, type Fd, openPath, own, procPath } from './fd.ts';
import { changeMount, cloneTree, type FsOption, type MountAttribute, mountDetached } from './mounts.ts';

/** An overlay of directories (Documentation/filesystems/overlayfs.rst). */
export interface Overlay {
  /** Directory the other paths are relative to. */
  readonly base: string;
  /** Top first; at least one. */
  readonly lower: readonly string[];
  /** Where changes go and the work directory beside it; absent for a read-only view of `lower`. */
  readonly upper?: { readonly directory: string; readonly work: string };
  /** Further options, such as `['metacopy', 'on']`. */
  readonly options?: readonly FsOption[];
}

/** The daemon looks and writes but never runs or opens a device in there. */
const ATTRIBUTES: readonly MountAttribute[] = ['nosuid', 'nodev', 'noexec'];

/**
 * Mounts an overlay that no namespace sees: the way to the filesystem of a container that does not run. The caller closes
 * the descriptor (a root for `rooted.ts`), and with it the mount goes. It must not be running: the kernel's answer to two
 * overlays over one upper directory is undefined.
 */
export async function mountOverlay(overlay: Overlay): Promise<Fd> {
  const mount = appendsLowerDirs() ? mountByParameters(overlay) : await mountInThread(overlay);
  try {
    changeMount(mount, { set: overlay.upper ? ATTRIBUTES : [...ATTRIBUTES, 'ro'] });
    return mount;
  } catch (error) {
    closeFd(mount);
    throw error;
  }
}

/** {@link mountOverlay} for the time of `use`, which gets the overlay's root. */
export async function withOverlay<T>(overlay: Overlay, use: (root: Fd) => Promise<T>): Promise<T> {
  using mount = own(await mountOverlay(overlay));
  return await use(mount.fd);
}

/** Linux 6.7 takes lower directories one by one; before it, one parameter of fsconfig(2) had to hold them in 255 bytes. */
export function appendsLowerDirs(version: string = release()): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 7);
}

/** Linux 6.7 or newer. */
export function mountByParameters(overlay: Overlay): Fd {
  using base = own(openPath(overlay.base, O_PATH | O_DIRECTORY));
  const at = (path: string): string => (path.startsWith('/') ? path : `${procPath(base.fd)}/${path}`);
  const only = onlyDirectory(overlay);
  if (only !== undefined) return cloneDirectory(at(only));
  const options: FsOption[] = checked(overlay).lower.map((path) => ['lowerdir+', at(path)]);
  if (overlay.upper) {
    options.push(['upperdir', at(overlay.upper.directory)], ['workdir', at(overlay.upper.work)]);
  }
  return mountDetached('overlay', [...options, ...(overlay.options ?? [])], []);
}

/**
 * Any kernel: mount(2), whose options may fill a page, in a thread with a mount namespace of its own, from which the mount is
 * handed out as a descriptor.
 */
export async function mountInThread(overlay: Overlay): Promise<Fd> {
  const only = onlyDirectory(overlay);
  if (only !== undefined) return cloneDirectory(only.startsWith('/') ? only : `${overlay.base}/${only}`);
  const data: OverlayRequest = { base: overlay.base, data: mountData(checked(overlay)) };
  const worker = startWorker('kernel/overlay-worker', { workerData: data });
  return await new Promise<Fd>((resolve, reject) => {
    worker.once('message', (fd: number) => resolve(asFd(fd)));
    worker.once('error', reject);
  });
}

/** What the thread gets. */
export interface OverlayRequest {
  readonly base: string;
  readonly data: string;
}

/** The option string of mount(2), relative to `base`. Throws `invalid` when it does not fit a page. */
export function mountData(overlay: Overlay): string {
  const options: FsOption[] = [['lowerdir', overlay.lower.join(':')]];
  if (overlay.upper) options.push(['upperdir', overlay.upper.directory], ['workdir', overlay.upper.work]);
  const data = [...options, ...(overlay.options ?? [])].map((option) => option.join('=')).join(',');
  if (data.length >= PAGE) {
    throw new EngineError(
      'invalid',
      `an overlay of ${overlay.lower.length} directories exceeds mount(2)'s ${PAGE} bytes`,
    );
  }
  return data;
}

const PAGE = 4096;

/** A view of one directory is no overlay: the kernel wants two, or an upper one. */
function onlyDirectory(overlay: Overlay): string | undefined {
  return overlay.lower.length === 1 && !overlay.upper ? overlay.lower[0] : undefined;
}

function cloneDirectory(path: string): Fd {
  using directory = own(openPath(path, O_PATH | O_DIRECTORY));
  return cloneTree(directory.fd, false);
}

/** Colon, comma and backslash mean something to some of the parsers on the way and nothing to others. */
function checked(overlay: Overlay): Overlay {
  const paths = [...overlay.lower, overlay.upper?.directory ?? '', overlay.upper?.work ?? ''];
  const bad = paths.find((path) => /[:,\\]/.test(path));
  if (bad !== undefined)
    throw new EngineError('invalid', `overlay directory ${JSON.stringify(bad)} holds one of : , \\`);
  if (overlay.lower.length === 0) throw new EngineError('invalid', 'an overlay needs a lower directory');
  return overlay;
}

import type { Stat } from '../../kernel/attributes.ts';
import { makeNode } from '../../kernel/entries.ts';
import type { Fd } from '../../kernel/fd.ts';
import { getXattr, setXattr } from '../../kernel/xattrs.ts';

/*
 * Overlay's own marks in an upper or lower directory (Documentation/filesystems/overlayfs.rst, "whiteouts and opaque
 * directories"): a character device 0:0 hides the entry of that name below, `trusted.overlay.opaque=y` on a directory
 * hides everything in it below.
 */

const OPAQUE_XATTR = 'trusted.overlay.opaque';
const YES = Buffer.from('y');

/** True when the entry hides one of the same name below. */
export function isWhiteout({ type, rdev }: Stat): boolean {
  return type === 'char' && rdev.major === 0 && rdev.minor === 0;
}

/** Hides `name` of the layers below. */
export function makeWhiteout(directory: Fd, name: string): void {
  makeNode(directory, name, 'char', 0);
}

/** Hides what the layers below have in `directory`. */
export function markOpaque(directory: Fd): void {
  setXattr(directory, '', OPAQUE_XATTR, YES);
}

/** True when the layers below do not show through `directory`. `x` says that whiteouts are xattrs, not that it is opaque. */
export function isOpaque(directory: Fd): boolean {
  return getXattr(directory, '', OPAQUE_XATTR)?.equals(YES) ?? false;
}

/** Attributes that steer overlay, and the host's own labels: an archive has no say in them. */
export function isReservedXattr(name: string): boolean {
  return /^(?:trusted|user)\.overlay\.|^security\.selinux$/.test(name);
}

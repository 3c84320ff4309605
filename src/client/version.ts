/** The newest and oldest Engine API spoken. */
export const MAX_API_VERSION = '1.51';
export const MIN_API_VERSION = '1.24';

/** The version to speak with a daemon that announces `offered` (its newest; none: too old to say). */
export function negotiatedVersion(offered: string | undefined): string {
  if (offered === undefined || !/^\d+\.\d+$/.test(offered)) return MIN_API_VERSION;
  return compareVersions(offered, MAX_API_VERSION) < 0 ? offered : MAX_API_VERSION;
}

/** Negative when `a` is older than `b`: `1.9` is older than `1.24`. */
export function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}

import { EngineError } from '../base/errors.ts';

/** What an image is made for, in Go's names (OCI image-spec, image-index.md#image-index-property-descriptions). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}

/** Other names of architectures, and what they are called here. */
const ARCHITECTURES: Readonly<Record<string, { architecture: string; variant?: string }>> = {
  i386: { architecture: '386' },
  i686: { architecture: '386' },
  x86_64: { architecture: 'amd64' },
  'x86-64': { architecture: 'amd64' },
  x64: { architecture: 'amd64' },
  aarch64: { architecture: 'arm64' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
};

const DEFAULT_VARIANT: Readonly<Record<string, string>> = { arm: 'v7', arm64: 'v8' };
const SYSTEMS: Readonly<Record<string, string>> = { macos: 'darwin' };
const KNOWN_SYSTEMS = ['linux', 'windows', 'darwin', 'freebsd', 'openbsd', 'netbsd', 'solaris', 'wasi'];
const PART = /^[A-Za-z0-9_.-]{1,64}$/;

/** Node's `process.arch` → Go's GOARCH. */
const NODE_ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ia32: '386',
  ppc64: 'ppc64le',
  mips64el: 'mips64le',
};

/** The platform of this machine: `linux/amd64`, `linux/arm64/v8`. */
export function hostPlatform(os: string = process.platform, arch: string = process.arch): Platform {
  return normalizePlatform({ os, architecture: NODE_ARCHITECTURES[arch] ?? arch });
}

/**
 * Parses `--platform`: `linux/arm64`, `linux/arm/v6`, `arm64` (the host's system), `linux` (the host's architecture).
 * The result is normalised. Throws `invalid`.
 */
export function parsePlatform(text: string, host: Platform = hostPlatform()): Platform {
  const parts = text.split('/');
  const [first = '', second, third] = parts;
  if (parts.length > 3 || !parts.every((part) => PART.test(part))) {
    const why = 'it must be OS[/ARCH[/VARIANT]], such as linux/arm64';
    throw new EngineError('invalid', `invalid platform ${JSON.stringify(text.slice(0, 200))}: ${why}`);
  }
  if (second === undefined) return parseSinglePart(first, host);
  return normalizePlatform({
    os: first,
    architecture: second,
    ...(third !== undefined && { variant: third }),
  });
}

function parseSinglePart(part: string, host: Platform): Platform {
  const os = SYSTEMS[part.toLowerCase()] ?? part.toLowerCase();
  if (KNOWN_SYSTEMS.includes(os)) return { ...host, os };
  return normalizePlatform({ os: host.os, architecture: part });
}

/** Canonical names, and the variant that a bare `arm` or `arm64` means (`v7`, `v8`); `amd64/v1` is plain `amd64`. */
export function normalizePlatform(platform: Platform): Platform {
  const os = SYSTEMS[platform.os.toLowerCase()] ?? platform.os.toLowerCase();
  const named = platform.architecture.toLowerCase();
  const alias = ARCHITECTURES[named];
  const architecture = alias?.architecture ?? named;
  const given = platform.variant?.toLowerCase() || alias?.variant || DEFAULT_VARIANT[architecture];
  const variant = given !== undefined && /^\d/.test(given) ? `v${given}` : given;
  const keep = variant !== undefined && !(architecture === 'amd64' && variant === 'v1');
  const { osVersion, osFeatures } = platform;
  return {
    os,
    architecture,
    ...(keep && { variant }),
    ...(osVersion && { osVersion }),
    ...(osFeatures && { osFeatures }),
  };
}

/** `linux/arm64/v8`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant ? [variant] : [])].join('/');
}

/**
 * The platforms that run on `wanted`, best first: its own, then lower variants, then the 32-bit relative (386 for amd64,
 * arm for arm64). The order is containerd's.
 */
export function runnablePlatforms(wanted: Platform): Platform[] {
  const { os, architecture, variant } = normalizePlatform(wanted);
  const exactly = { os, architecture, ...(variant !== undefined && { variant }) };
  const at = (arch: string, variants: readonly string[]): Platform[] =>
    variants.map((name) => normalizePlatform({ os, architecture: arch, variant: name }));
  switch (architecture) {
    case 'amd64':
      return [...at('amd64', downFrom(variant ?? 'v1', 1)), { os, architecture: '386' }];
    case 'arm':
      return at('arm', downFrom(variant ?? 'v7', 5));
    case 'arm64':
      return [...at('arm64', arm64Variants(variant ?? 'v8')), ...at('arm', downFrom('v8', 5))];
    default:
      return [exactly];
  }
}

/** How well `candidate` suits `wanted`: 0 is best; undefined when it does not run there. */
export function platformRank(candidate: Platform, wanted: Platform): number | undefined {
  const { os, architecture, variant } = normalizePlatform(candidate);
  const rank = runnablePlatforms(wanted).findIndex(
    (runs) => runs.os === os && runs.architecture === architecture && runs.variant === variant,
  );
  return rank < 0 ? undefined : rank;
}

/** `v7`, 5 → v7, v6, v5. What is no number stands alone. */
function downFrom(variant: string, lowest: number): string[] {
  const number = /^v(\d{1,2})$/.exec(variant)?.[1];
  if (number === undefined || Number(number) < lowest) return [variant];
  return Array.from({ length: Number(number) - lowest + 1 }, (_, i) => `v${Number(number) - i}`);
}

/** `v9.1` → v9.1, v9, v8.6 … v8: Armv9.N includes Armv8.(N+5). */
function arm64Variants(variant: string): string[] {
  const match = /^v([89])(?:\.(\d{1,2}))?$/.exec(variant);
  if (!match) return [variant];
  const minor = Number(match[2] ?? '0');
  const eights = (top: number): string[] =>
    Array.from({ length: top + 1 }, (_, i) => (top - i === 0 ? 'v8' : `v8.${top - i}`));
  if (match[1] === '8') return eights(minor);
  const nines = Array.from({ length: minor + 1 }, (_, i) => (minor - i === 0 ? 'v9' : `v9.${minor - i}`));
  return [...nines, ...eights(minor + 5)];
}

import { ARM, ARM64 } from './numbers-arm.ts';
import { COMMON, TIME64 } from './numbers-common.ts';
import { I386, NOT_X32, X32, X86_64 } from './numbers-x86.ts';

/** The calling conventions a filter can meet, under libseccomp's names. */
export type SeccompArch =
  | 'SCMP_ARCH_X86_64'
  | 'SCMP_ARCH_X32'
  | 'SCMP_ARCH_X86'
  | 'SCMP_ARCH_AARCH64'
  | 'SCMP_ARCH_ARM';

export interface ArchFacts {
  /** `arch` of struct seccomp_data: AUDIT_ARCH_* of linux/audit.h. */
  readonly audit: number;
  /** Arguments are 32 bits wide. */
  readonly narrow: boolean;
  /** x32 shares its AUDIT_ARCH with x86-64; this bit of the number tells them apart. */
  readonly bit: number;
  /** Name → number, `bit` included. */
  readonly numbers: ReadonlyMap<string, number>;
}

export const X32_BIT = 0x4000_0000;
const cache = new Map<SeccompArch, ArchFacts>();

/** What a filter has to know of `arch`. */
export function archFacts(arch: SeccompArch): ArchFacts {
  const cached = cache.get(arch);
  if (cached) return cached;
  const facts = build(arch);
  cache.set(arch, facts);
  return facts;
}

function build(arch: SeccompArch): ArchFacts {
  switch (arch) {
    case 'SCMP_ARCH_X86_64':
      return { audit: 0xc000003e, narrow: false, bit: 0, numbers: table(X86_64, COMMON) };
    case 'SCMP_ARCH_X32':
      return { audit: 0xc000003e, narrow: false, bit: X32_BIT, numbers: x32Table() };
    case 'SCMP_ARCH_X86':
      return { audit: 0x40000003, narrow: true, bit: 0, numbers: table(I386, TIME64, COMMON) };
    case 'SCMP_ARCH_AARCH64':
      return { audit: 0xc00000b7, narrow: false, bit: 0, numbers: table(ARM64, COMMON) };
    case 'SCMP_ARCH_ARM':
      return { audit: 0x40000028, narrow: true, bit: 0, numbers: table(ARM, TIME64, COMMON) };
  }
}

function table(...texts: readonly string[]): Map<string, number> {
  const numbers = new Map<string, number>();
  let next = 0;
  for (const word of texts.join(' ').split(/\s+/)) {
    if (/^\d+$/.test(word)) next = Number(word);
    else if (word !== '') numbers.set(word, next++);
  }
  return numbers;
}

function x32Table(): Map<string, number> {
  const numbers = table(X86_64, COMMON, X32);
  for (const name of NOT_X32.split(' ')) numbers.delete(name);
  return new Map([...numbers].map(([name, number]) => [name, number | X32_BIT]));
}

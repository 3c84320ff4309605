import { existsSync, readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { EngineError } from '../base/errors.ts';
import { parseCpuset } from '../formats/cpuset.ts';
import { appArmorEnabled, appArmorParser } from '../kernel/apparmor.ts';
import { type CgroupFeatures, detectFeatures } from '../kernel/cgroup-features.ts';
import { type CgroupLayout, detectCgroups } from '../kernel/cgroup-layout.ts';
import { availableCapabilities } from './capabilities.ts';
import type { KernelVersion } from './seccomp/resolve.ts';

/** What a container's spec depends on besides its settings. Read once: none of it changes while the daemon runs. */
export interface HostFacts {
  /** In Go's words, as seccomp profiles and images have it. */
  readonly arch: 'amd64' | 'arm64';
  readonly kernel: KernelVersion;
  /** What the daemon may hand out: what it holds itself. */
  readonly capabilities: readonly string[];
  readonly cgroups: CgroupLayout;
  readonly features: CgroupFeatures;
  /** The kernel confines by AppArmor and profiles can be loaded. */
  readonly apparmor: boolean;
  readonly seccomp: boolean;
  /** CPUs that may ever come up; for masking what each shows of the hardware. */
  readonly possibleCpus: readonly number[];
  /** Lists of what a container's CPUs and memory nodes can be chosen from: `0-3`. */
  readonly onlineCpus: string;
  readonly onlineMems: string;
}

/** Looks at this host. Throws `unavailable` without control groups or on another architecture than x86-64 and arm64. */
export function readHostFacts(): HostFacts {
  const cgroups = detectCgroups();
  const status = read('/proc/self/status');
  return {
    arch: goArch(),
    kernel: parseKernelVersion(release()),
    capabilities: availableCapabilities(status),
    cgroups,
    features: detectFeatures(cgroups),
    apparmor: appArmorEnabled() && appArmorParser() !== undefined,
    seccomp: /^Seccomp:/m.test(status),
    possibleCpus: parseCpuset(read('/sys/devices/system/cpu/possible'), '/sys/devices/system/cpu/possible'),
    onlineCpus: read('/sys/devices/system/cpu/online').trim(),
    onlineMems: read('/sys/devices/system/node/online').trim() || '0',
  };
}

/** `6.1.0-21-amd64` → 6.1. */
export function parseKernelVersion(text: string): KernelVersion {
  const [major, minor] = text.split('.').map((part) => Number.parseInt(part, 10));
  return { major: major || 0, minor: minor || 0 };
}

function goArch(): 'amd64' | 'arm64' {
  const found = arch();
  if (found === 'x64') return 'amd64';
  if (found === 'arm64') return 'arm64';
  throw new EngineError('unavailable', `Gantry runs on x86-64 and arm64, not on ${found}`);
}

/** Empty where the kernel lacks the feature. */
function read(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

import { readFileSync } from 'node:fs';
import { availableParallelism, machine, release, totalmem } from 'node:os';
import { type HostFacts, readHostFacts } from '../runtime/host.ts';

/** What of the host does not change while the daemon runs: what decides about containers, and what is only shown. */
export interface HostInfo extends HostFacts {
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** `uname -r`. */
  readonly kernelVersion: string;
  /** `x86_64`, `aarch64`. */
  readonly machine: string;
  /** PRETTY_NAME and VERSION_ID of os-release(5). */
  readonly operatingSystem: string;
  readonly osVersion: string;
}

/** Looks at the host once, at start-up. */
export function readHostInfo(): HostInfo {
  const osRelease = readOsRelease();
  return {
    ...readHostFacts(),
    cpus: availableParallelism(),
    memory: totalmem(),
    kernelVersion: release(),
    machine: machine(),
    operatingSystem: osRelease.get('PRETTY_NAME') ?? 'Linux',
    osVersion: osRelease.get('VERSION_ID') ?? '',
  };
}

function readOsRelease(): Map<string, string> {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return parseOsRelease(readFileSync(path, 'utf8'));
    } catch {
      // os-release(5): the second path is there for when the first is not.
    }
  }
  return new Map();
}

function parseOsRelease(text: string): Map<string, string> {
  const entries = text.matchAll(/^([A-Z_]+)=(?:"([^"\n]*)"|'([^'\n]*)'|([^\n]*))$/gm);
  return new Map([...entries].map(([, key = '', ...values]) => [key, values.find(Boolean) ?? '']));
}

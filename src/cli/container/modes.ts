import { EngineError } from '../../base/errors.ts';
import type { HealthConfig } from '../../wire/types-container.ts';
import type { RestartPolicy } from '../../wire/types-host-config.ts';

function fail(message: string): never {
  throw new EngineError('invalid', message);
}

/** Refuses namespace modes that no daemon knows. Throws `invalid`. */
export function checkNamespaces(modes: { pid: string; uts: string; userns: string; cgroupns: string }): void {
  if (!/^(|host|container:.+)$/.test(modes.pid)) fail('--pid: invalid PID mode');
  if (!['', 'host'].includes(modes.uts)) fail('--uts: invalid UTS mode');
  if (!['', 'host'].includes(modes.userns)) fail('--userns: invalid USER mode');
  if (!['', 'host', 'private'].includes(modes.cgroupns)) fail('--cgroupns: invalid CGROUP mode');
}

/** A `--restart`: `NAME[:MAXIMUM_RETRIES]`. Throws `invalid`; the daemon judges the name. */
export function parseRestart(text: string): RestartPolicy {
  const [name = '', count] = text.split(/:(.*)/s);
  if (name === '' && count !== undefined)
    fail('invalid restart policy format: no policy provided before colon');
  if (count && !/^[+-]?\d+$/.test(count)) {
    fail('invalid restart policy format: maximum retry count must be an integer');
  }
  return { Name: name as RestartPolicy['Name'], MaximumRetryCount: Number(count || 0) };
}

export interface HealthFlags {
  healthCmd: string;
  healthInterval: number;
  healthRetries: number;
  healthStartInterval: number;
  healthStartPeriod: number;
  healthTimeout: number;
  noHealthcheck: boolean;
}

/** The health check that the flags ask for; undefined leaves the image's in place. Throws `invalid`. */
export function healthRequest(flags: HealthFlags): HealthConfig | undefined {
  const times = {
    Interval: flags.healthInterval,
    Timeout: flags.healthTimeout,
    StartPeriod: flags.healthStartPeriod,
    StartInterval: flags.healthStartInterval,
    Retries: flags.healthRetries,
  };
  const wanted = flags.healthCmd !== '' || Object.values(times).some((value) => value !== 0);
  if (flags.noHealthcheck) {
    if (wanted) fail('--no-healthcheck conflicts with --health-* options');
    return { Test: ['NONE'] };
  }
  if (!wanted) return undefined;
  for (const [name, value] of [
    ['interval', times.Interval],
    ['timeout', times.Timeout],
    ['retries', times.Retries],
    ['start-period', times.StartPeriod],
    ['start-interval', times.StartInterval],
  ] as const) {
    if (value < 0) fail(`--health-${name} cannot be negative`);
  }
  const set = Object.entries(times).filter(([, value]) => value !== 0);
  const test = flags.healthCmd === '' ? {} : { Test: ['CMD-SHELL', flags.healthCmd] };
  return { ...test, ...Object.fromEntries(set) };
}

/** The log driver's options. Throws `invalid`. */
export function logOptions(driver: string, options: readonly string[]): Record<string, string> {
  if (driver === 'none' && options.length > 0) fail(`invalid logging opts for driver ${driver}`);
  return Object.fromEntries(options.map((option) => splitAt(option)));
}

/** The storage driver's options. Throws `invalid`. */
export function storageOptions(options: readonly string[]): Record<string, string> {
  if (options.some((option) => !option.includes('='))) fail('invalid storage option');
  return Object.fromEntries(options.map((option) => splitAt(option)));
}

function splitAt(option: string): [string, string] {
  const [key = '', value = ''] = option.split(/=(.*)/s);
  return [key, value];
}

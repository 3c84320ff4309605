import { EngineError } from '../../base/errors.ts';
import { ULIMIT_NAMES } from '../../formats/rlimits.ts';
import { parseSize } from '../../formats/units.ts';
import type { ThrottleDevice, Ulimit, WeightDevice } from '../../wire/types-host-config.ts';
import { splitPair } from '../flags/lists.ts';
import { parseInteger } from '../flags/scalars.ts';

const NANO = 1_000_000_000n;

function fail(message: string): never {
  throw new EngineError('invalid', message);
}

/** `NAME=SOFT[:HARD]`; -1 is unlimited. Throws `invalid`. */
export function parseUlimit(text: string): Ulimit {
  const [name, values] = splitPair(text);
  if (values === undefined || values === '') return fail(`invalid ulimit argument: ${text}`);
  if (!ULIMIT_NAMES.includes(name)) return fail(`invalid ulimit type: ${name}`);
  const limits = values.split(':');
  if (limits.length > 2) {
    return fail(`too many limit value arguments - ${values}, can only have up to two, \`soft[:hard]\``);
  }
  const soft = parseInteger(limits[0] ?? '');
  const hard = limits[1] === undefined ? soft : parseInteger(limits[1]);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    const shown = soft === -1 ? 'soft: -1 (unlimited), hard: ' + hard : `${soft} > ${hard}`;
    return fail(`ulimit soft limit must be less than or equal to hard limit: ${shown}`);
  }
  return { Name: name, Soft: soft, Hard: hard };
}

/** The ulimits, one of each name, the last one given, sorted. */
export function settleUlimits(ulimits: readonly Ulimit[]): Ulimit[] {
  const byName = new Map(ulimits.map((ulimit) => [ulimit.Name, ulimit]));
  return [...byName.values()].sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

/** `/dev/PATH:RATE[kb|mb|gb]`. Throws `invalid`. */
export function parseBytesPerSecond(text: string): ThrottleDevice {
  const [path, rate] = devicePair(text);
  const form =
    '<device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb';
  return {
    Path: path,
    Rate: orFail(() => parseSize(rate), `invalid rate for device: ${text}. The correct format is ${form}`),
  };
}

/** `/dev/PATH:OPERATIONS`. Throws `invalid`. */
export function parseOperationsPerSecond(text: string): ThrottleDevice {
  const [path, rate] = devicePair(text);
  const form = '<device-path>:<number>. Number must be a positive integer';
  const problem = `invalid rate for device: ${text}. The correct format is ${form}`;
  return { Path: path, Rate: orFail(() => parseInteger(rate, 64, false), problem) };
}

/** `/dev/PATH:WEIGHT`, 10 to 1000, 0 to disable. Throws `invalid`. */
export function parseWeight(text: string): WeightDevice {
  const [path, value] = devicePair(text);
  const weight = orFail(() => parseInteger(value, 16, false), `invalid weight for device: ${text}`);
  if (weight > 0 && (weight < 10 || weight > 1000)) fail(`invalid weight for device: ${text}`);
  return { Path: path, Weight: weight };
}

function devicePair(text: string): [path: string, value: string] {
  const at = text.indexOf(':');
  if (at <= 0) fail(`bad format: ${text}`);
  const path = text.slice(0, at);
  if (!path.startsWith('/dev/')) fail(`bad format for device path: ${text}`);
  return [path, text.slice(at + 1)];
}

function orFail<T>(parse: () => T, problem: string): T {
  try {
    return parse();
  } catch {
    return fail(problem);
  }
}

/** `--cpus`: a decimal or fraction of at most nine digits, in billionths of a CPU. Throws `invalid`. */
export function parseCpus(text: string): number {
  const [, sign = '', whole = '', decimals = '', over] =
    /^([+-]?)(\d*)(?:\.(\d*))?(?:\/(\d+))?$/.exec(text) ?? [];
  const divisor = over === undefined ? 1n : BigInt(over);
  if (whole + decimals === '' || divisor === 0n || (over !== undefined && text.includes('.'))) {
    return fail(`failed to parse ${text} as a rational number`);
  }
  const scaled = BigInt(whole + decimals) * NANO;
  const unit = 10n ** BigInt(decimals.length) * divisor;
  if (scaled % unit !== 0n) return fail('value is too precise');
  return Number(scaled / unit) * (sign === '-' ? -1 : 1);
}

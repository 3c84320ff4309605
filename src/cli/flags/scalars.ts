import { EngineError } from '../../base/errors.ts';
import { parseDuration } from '../../formats/duration.ts';
import { parseSize } from '../../formats/units.ts';
import { type Flag, type FlagOptions, flag } from './flag.ts';

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

function invalid(message: string): never {
  throw new EngineError('invalid', message);
}

/** A Go boolean. Throws `invalid`. */
export function parseBool(text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  return invalid(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** A Go integer of `bits` bits: decimal, 0x, 0o, 0b, underscores. Throws `invalid`. */
export function parseInteger(text: string, bits = 64, signed = true): number {
  const fn = signed ? 'ParseInt' : 'ParseUint';
  const [, sign = '', digits = ''] = (signed ? /^([+-]?)(.*)$/s : /^()(.*)$/s).exec(text) ?? [];
  const plain = digits.replace(/(?<=[\da-fA-FxXoObB])_(?=[\da-fA-F])/g, '');
  const octal = /^0[0-7]+$/.test(plain) ? `0o${plain.slice(1)}` : plain;
  if (!/^(?:0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|0|[1-9]\d*)$/.test(octal)) {
    return invalid(`strconv.${fn}: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const value = BigInt(octal) * (sign === '-' ? -1n : 1n);
  const fits = signed ? BigInt.asIntN(bits, value) === value : BigInt.asUintN(bits, value) === value;
  return fits ? Number(value) : invalid(`strconv.${fn}: parsing ${JSON.stringify(text)}: value out of range`);
}

/** A switch. */
export function bool(help: string, options?: FlagOptions): Flag<boolean> {
  return flag(help, { kind: undefined, initial: false, bare: 'true', parse: parseBool }, options);
}

/** A switch that is on unless `--name=false`. */
export function boolOn(help: string, options?: FlagOptions): Flag<boolean> {
  return flag(
    help,
    { kind: undefined, initial: true, bare: 'true', parse: parseBool },
    { shown: 'true', ...options },
  );
}

/** A switch of three states: undefined when absent. */
export function boolMaybe(help: string, options?: FlagOptions): Flag<boolean | undefined> {
  const own = { kind: undefined, initial: undefined, bare: 'true', parse: parseBool };
  return flag<boolean | undefined>(help, own, options);
}

export function string(help: string, initial = '', options?: FlagOptions): Flag<string> {
  const shown = initial === '' ? {} : { shown: JSON.stringify(initial) };
  return flag(help, { kind: 'string', initial, parse: (text) => text }, { ...shown, ...options });
}

/** Text; undefined when absent. */
export function stringMaybe(help: string, options?: FlagOptions): Flag<string | undefined> {
  return flag<string | undefined>(
    help,
    { kind: 'string', initial: undefined, parse: (text) => text },
    options,
  );
}

export function int(help: string, initial = 0, options?: FlagOptions): Flag<number> {
  const shown = initial === 0 ? {} : { shown: String(initial) };
  return flag(help, { kind: 'int', initial, parse: (text) => parseInteger(text) }, { ...shown, ...options });
}

/** An integer; undefined when absent. */
export function intMaybe(help: string, options?: FlagOptions): Flag<number | undefined> {
  const own = { kind: 'int', initial: undefined, parse: (text: string) => parseInteger(text) };
  return flag<number | undefined>(help, own, options);
}

export function uint16(help: string, options?: FlagOptions): Flag<number> {
  return flag(help, { kind: 'uint16', initial: 0, parse: (text) => parseInteger(text, 16, false) }, options);
}

/** Bytes, written `512m`. */
export function bytes(help: string, options?: FlagOptions): Flag<number> {
  return flag(help, { kind: 'bytes', initial: 0, parse: (text) => parseSize(text) }, options);
}

/** Nanoseconds, written as a Go duration. */
export function duration(help: string, options?: FlagOptions): Flag<number> {
  return flag(help, { kind: 'duration', initial: 0, parse: parseDuration }, options);
}

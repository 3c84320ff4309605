import { EngineError } from '../base/errors.ts';
import type { LogConfig } from './host-config.ts';

/** How a container's output is kept. */
export type CheckedLog =
  | { readonly driver: 'none' }
  | {
      readonly driver: 'json-file';
      /** Bytes after which a new file is begun; 0: never. */
      readonly maxSize: number;
      /** Files kept, the current one included. */
      readonly maxFiles: number;
      /** Which labels and variables of the container each entry carries. */
      readonly attributes: AttributeChoice;
    };

/** Names, and regular expressions over names, of what a log entry tells of its container. */
export interface AttributeChoice {
  readonly labels: readonly string[];
  readonly env: readonly string[];
  readonly labelsRegex?: RegExp;
  readonly envRegex?: RegExp;
}

/** What Docker's json-file has and this has not. */
const MISSING = ['compress', 'tag', 'mode', 'max-buffer-size'];
const KNOWN = ['max-size', 'max-file', 'labels', 'labels-regex', 'env', 'env-regex'];

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 };

/** Checks log driver and options, in Docker's words. Throws `invalid`; `not-implemented` for what Docker has and this has not. */
export function checkLogConfig({ type, config }: LogConfig): CheckedLog {
  if (type === 'none') return { driver: 'none' };
  if (type !== '' && type !== 'json-file') {
    throw new EngineError('invalid', `logger: no log driver named '${type}' is registered`);
  }
  for (const option of Object.keys(config)) {
    if (MISSING.includes(option)) {
      throw new EngineError(
        'not-implemented',
        `HostConfig.LogConfig.Config: log opt '${option}' is not supported`,
      );
    }
    if (!KNOWN.includes(option)) {
      throw new EngineError('invalid', `unknown log opt '${option}' for json-file log driver`);
    }
  }
  const maxSize = parseSize(config['max-size'] ?? '-1');
  const maxFiles = parseCount(config['max-file'] ?? '1');
  if (maxSize === 0 && config['max-file'] !== undefined && maxFiles > 1) {
    throw new EngineError('invalid', 'max-file cannot be specified without max-size');
  }
  return { driver: 'json-file', maxSize, maxFiles, attributes: attributeChoice(config) };
}

function parseSize(text: string): number {
  if (text === '-1') return 0;
  const match = /^(\d+(?:\.\d+)?)\s*([bkmg]?)(?:i?b)?$/i.exec(text.trim());
  const bytes = match && Math.trunc(Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] ?? 1));
  if (!bytes)
    throw new EngineError(
      'invalid',
      `invalid value for max-size: ${JSON.stringify(text)} is not a positive size`,
    );
  return bytes;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 10_000) {
    throw new EngineError('invalid', 'max-file cannot be less than 1');
  }
  return count;
}

function attributeChoice(config: LogConfig['config']): AttributeChoice {
  const names = (option: string): string[] => (config[option] ?? '').split(',').filter(Boolean);
  const [labelsRegex, envRegex] = [pattern(config, 'labels-regex'), pattern(config, 'env-regex')];
  return {
    labels: names('labels'),
    env: names('env'),
    ...(labelsRegex && { labelsRegex }),
    ...(envRegex && { envRegex }),
  };
}

function pattern(config: LogConfig['config'], option: string): RegExp | undefined {
  const text = config[option];
  if (!text) return undefined;
  try {
    return new RegExp(text, 'u');
  } catch (cause) {
    throw new EngineError('invalid', `${option}: ${JSON.stringify(text)} is not a regular expression`, {
      cause,
    });
  }
}

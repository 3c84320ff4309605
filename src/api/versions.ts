import { EngineError } from '../base/errors.ts';

/** An Engine API version by its minor number: 1.51 is 51. There has never been another major. */
export type ApiVersion = number;

export const MAX_API_VERSION: ApiVersion = 51;
export const MIN_API_VERSION: ApiVersion = 24;

/** `51` → `1.51`. */
export function formatVersion(version: ApiVersion): string {
  return `1.${version}`;
}

/**
 * Splits `/v1.41/containers/json` into version and rest; a path without a version gets the newest.
 * Throws `invalid` with dockerd's texts for versions out of range.
 */
export function splitVersion(path: string): { version: ApiVersion; rest: string } {
  const match = /^\/v(\d+)\.(\d+)(\/.*)$/.exec(path);
  if (!match) return { version: MAX_API_VERSION, rest: path };
  const [, major = '', minor = '', rest = '/'] = match;
  const asked = `${major}.${minor}`;
  const order = (Number(major) - 1) * 1000 + Number(minor);
  if (order > MAX_API_VERSION) {
    throw new EngineError(
      'invalid',
      `client version ${asked} is too new. Maximum supported API version is ${formatVersion(MAX_API_VERSION)}`,
    );
  }
  if (order < MIN_API_VERSION) {
    throw new EngineError(
      'invalid',
      `client version ${asked} is too old. Minimum supported API version is ${formatVersion(MIN_API_VERSION)}, please upgrade your client to a newer version`,
    );
  }
  return { version: order, rest };
}

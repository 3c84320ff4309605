import { formatPlatform, parsePlatform } from '../../formats/platform.ts';
import type { OciPlatform } from '../../wire/types-common.ts';
import { type Flag, type FlagOptions, flag } from './flag.ts';

/** One platform, checked here and sent as JSON. */
export function platform(help: string, options?: FlagOptions): Flag<OciPlatform | undefined> {
  const own = { kind: 'string', initial: undefined, parse: toOciPlatform };
  return flag<OciPlatform | undefined>(help, own, options);
}

/** `linux/arm64/v8` as the API's JSON has it. Throws `invalid`. */
export function toOciPlatform(text: string): OciPlatform {
  const { os, architecture, variant } = parsePlatform(text);
  return { os, architecture, ...(variant !== undefined && { variant }) };
}

/** The platform as text. */
export function platformText({ os, architecture, variant }: OciPlatform): string {
  return formatPlatform({ os, architecture, ...(variant !== undefined && { variant }) });
}

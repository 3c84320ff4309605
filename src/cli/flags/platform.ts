import { formatPlatform, parsePlatform } from '../../formats/platform.ts';
import type { OciPlatform } from '../../wire/types-common.ts';
import { type Flag, type FlagOptions, flag } from './flag.ts';

/** One platform, checked here and sent as JSON. */
export function platform(help: string, options?: FlagOptions): Flag<OciPlatform | undefined> {
  const own = { kind: 'string', initial: undefined, parse: toOciPlatform };
  return flag<OciPlatform | undefined>(help, own, options);
}

/** `linux/arm/v6` as the API's JSON has it. Throws `invalid`. */
export function toOciPlatform(text: string): OciPlatform {
  const { os, architecture, variant } = parsePlatform(text);
  // Docker's clients leave out the variant that is meant anyway.
  const keep = variant !== undefined && !(architecture === 'arm64' && variant === 'v8');
  return { os, architecture, ...(keep && { variant }) };
}

/** A platform as the API's queries have it: `linux/arm/v6`. Throws `invalid`. */
export function platformQuery(text: string): string {
  return platformText(toOciPlatform(text));
}

function platformText({ os, architecture, variant }: OciPlatform): string {
  return formatPlatform({ os, architecture, ...(variant !== undefined && { variant }) });
}

/** One way to authenticate that a server offers in `WWW-Authenticate` (RFC 9110 section 11.6.1). */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const PARAMETER = new RegExp(`^(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))`);
const SCHEME = new RegExp(`^(${TOKEN})(?=\\s|,|$)`);
const MAX_LENGTH = 16 << 10;

/**
 * Parses a `WWW-Authenticate` header, several challenges and several joined headers included. What cannot be read ends the
 * parsing; the challenges before it count.
 */
export function parseChallenges(header: string | undefined): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let rest = (header ?? '').slice(0, MAX_LENGTH);
  for (;;) {
    rest = rest.replace(/^[\s,]+/, '');
    const parameter = PARAMETER.exec(rest);
    const scheme = parameter ? undefined : SCHEME.exec(rest);
    const current = challenges.at(-1);
    if (parameter && current) {
      const [, name = '', quoted, plain] = parameter;
      current.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
    } else if (scheme?.[1]) {
      challenges.push({ scheme: scheme[1].toLowerCase(), parameters: {} });
    } else {
      return challenges;
    }
    rest = rest.slice((parameter ?? scheme)?.[0].length);
  }
}

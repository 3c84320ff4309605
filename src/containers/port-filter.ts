import { EngineError } from '../base/errors.ts';

/** `PORT[/PROTO]` or `FIRST-LAST[/PROTO]` of a `publish` or `expose` filter; inclusive. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
  readonly proto: string;
}

/** Throws `invalid` naming filter and value. */
export function parsePortFilter(field: string, text: string): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(text);
  const [, first = '', last = first, proto = 'tcp'] = match ?? [];
  const range = { first: Number(first), last: Number(last), proto };
  if (!match || range.last > 65535 || range.first > range.last) {
    throw new EngineError(
      'invalid',
      `invalid port range in filter '${field}=${text}': expected PORT[-PORT][/PROTO]`,
    );
  }
  return range;
}

/** Whether `port` (`80/tcp`) lies in one of the ranges. */
export function matchesPorts(ranges: readonly PortRange[], port: string): boolean {
  const [number = '', proto = 'tcp'] = port.split('/');
  const value = Number(number);
  return ranges.some((range) => range.proto === proto && range.first <= value && value <= range.last);
}

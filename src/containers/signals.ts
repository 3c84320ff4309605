import { constants } from 'node:os';
import { EngineError } from '../base/errors.ts';

const NUMBERS: ReadonlyMap<string, number> = new Map(Object.entries(constants.signals));
/** signal(7): real-time signals as the C library leaves them to programs, of which it keeps two for itself. */
const RTMIN = 34;
const RTMAX = 64;

/** The number of a signal given by name, with or without SIG in any case, or by number. Throws `invalid` with Docker's text. */
export function parseSignal(text: string): number {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number >= 1 && number <= RTMAX) return number;
  }
  const name = text.toUpperCase().replace(/^SIG/, '');
  const number = NUMBERS.get(`SIG${name}`) ?? realTime(name);
  if (number === undefined) throw new EngineError('invalid', `invalid signal: ${text}`);
  return number;
}

function realTime(name: string): number | undefined {
  const match = /^(RTMIN(?:\+(\d+))?|RTMAX(?:-(\d+))?)$/.exec(name);
  if (!match) return undefined;
  const number = name.startsWith('RTMIN') ? RTMIN + Number(match[2] ?? 0) : RTMAX - Number(match[3] ?? 0);
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}

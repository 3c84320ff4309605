import { EngineError } from '../base/errors.ts';

/** Linux signal numbers on x86-64 and arm64 (signal(7)), the names as the docker command line knows them, without `SIG`. */
const NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  IOT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  POLL: 29,
  PWR: 30,
  SYS: 31,
};
/** As glibc counts: 32 and 33 belong to its threads. */
const RTMIN = 34;
const RTMAX = 64;

const NAMES = new Map(
  Object.entries(NUMBERS)
    .reverse()
    .map(([name, number]) => [number, name]),
);

/**
 * The number of a signal given as Docker accepts it: `9`, `KILL`, `SIGKILL`, `sigrtmin+3`, `RTMAX-1`. Throws `invalid` for
 * anything else, 0 and numbers above 64 included.
 */
export function parseSignal(text: string): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : byName(text.toUpperCase().replace(/^SIG/, ''));
  if (number === undefined || number < 1 || number > RTMAX) {
    throw new EngineError('invalid', `invalid signal: ${text}`);
  }
  return number;
}

function byName(name: string): number | undefined {
  const realtime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (!realtime) return Object.hasOwn(NUMBERS, name) ? NUMBERS[name] : undefined;
  const [, end, sign, text = '0'] = realtime;
  const offset = Number(text);
  if (sign !== undefined && (end === 'MIN') !== (sign === '+')) return undefined;
  const number = end === 'MIN' ? RTMIN + offset : RTMAX - offset;
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}

/** `15` → `SIGTERM`, `36` → `SIGRTMIN+2`; a number without a name is written as a number. */
export function signalName(number: number): string {
  const name = NAMES.get(number);
  if (name !== undefined) return `SIG${name}`;
  if (number === RTMIN) return 'SIGRTMIN';
  if (number > RTMIN && number <= RTMAX) return `SIGRTMIN+${number - RTMIN}`;
  return String(number);
}

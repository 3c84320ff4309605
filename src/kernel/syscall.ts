import koffi from 'koffi';
import { EngineError } from '../base/errors.ts';
import { encodePath, hasRawBytes } from '../formats/path-bytes.ts';
import { errnoName, errnoNumber } from './errno.ts';
import { hostArch, type SyscallName, syscallNumber } from './syscall-numbers.ts';

/**
 * A syscall that failed. Its kind is `no-space` for ENOSPC and EDQUOT and `system` otherwise: whether a missing file is a
 * `not-found` or an engine fault only the domain that asked for it can say.
 */
export class SyscallError extends EngineError {
  /** `openat2`. */
  readonly syscall: string;
  /** `2`. */
  readonly errno: number;
  /** `ENOENT`. */
  readonly code: string;
  /** What the call was made on, when it was made on a path or a name. */
  readonly path: string | undefined;

  /** `detail` is what else the kernel said. */
  constructor(syscall: string, errno: number, path?: string, detail = '') {
    const code = errnoName(errno);
    const on = path === undefined ? '' : ` ${path}`;
    super(kindOf(code), `${syscall}${on}: ${code}: ${strerror(errno)}${detail && `: ${detail}`}`);
    this.name = 'SyscallError';
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
    this.path = path;
  }
}

/** True when a system call failed with one of `codes` (`ENOENT`, …), made here or by Node. */
export function isErrno(error: unknown, ...codes: string[]): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code);
}

/**
 * What an argument is in C. `path` is a NUL-terminated string (or null); `bytes` memory the kernel reads or writes (or
 * null); the others are integers.
 */
type ArgKind = 'int' | 'uint' | 'long' | 'path' | 'bytes';
interface ArgTypes {
  int: number;
  uint: number;
  long: number | bigint;
  path: string | null;
  bytes: Uint8Array | BigUint64Array | null;
}
type Args<K extends readonly ArgKind[]> = { [I in keyof K]: ArgTypes[K[I]] };

/** A system call with typed arguments. EINTR is retried in every form. */
export interface Syscall<K extends readonly ArgKind[]> {
  /** Returns the call's result; throws {@link SyscallError} naming the first path argument. */
  (...args: Args<K>): number;
  /** Returns the result, or minus the errno: for failures that are expected and would be slow to throw. */
  attempt(...args: Args<K>): number;
  /** Runs the call in a helper thread, for the few that may block; memory passed in must not be touched meanwhile. */
  later(...args: Args<K>): Promise<number>;
}

const C_TYPES = { int: 'int', uint: 'unsigned int', long: 'long', path: 'void *', bytes: 'void *' } as const;
const EINTR = errnoNumber('EINTR');

// The process itself: whichever libc Node was linked against is already there, glibc or musl.
const libc = koffi.load(null);
const strerror: (errno: number) => string = libc.func('strerror', 'str', ['int']);

/** Declares a system call: `const close = syscall('close', 'int')`. Costs about 0.3 µs a call over the kernel's own time. */
export function syscall<const K extends readonly ArgKind[]>(name: SyscallName, ...kinds: K): Syscall<K> {
  const raw = libc.func('syscall', 'long', ['long', ...kinds.map((kind) => C_TYPES[kind])]);
  const number = syscallNumber(name, hostArch());
  const hasPath = kinds.includes('path');

  const attempt = (...args: Args<K>): number => {
    const ready = hasPath ? withPaths(kinds, args) : args;
    for (;;) {
      const result: number = raw(number, ...ready);
      if (result !== -1) return result;
      const errno = koffi.errno();
      if (errno !== EINTR) return -errno;
    }
  };
  const fail = (result: number, args: Args<K>): never => {
    throw new SyscallError(name, -result, firstPath(kinds, args));
  };
  const call = (...args: Args<K>): number => {
    const result = attempt(...args);
    return result < 0 ? fail(result, args) : result;
  };
  const later = async (...args: Args<K>): Promise<number> => {
    for (;;) {
      const result = await runAsync(raw, [number, ...(hasPath ? withPaths(kinds, args) : args)]);
      if (result >= 0) return result;
      if (-result !== EINTR) return fail(result, args);
    }
  };
  return Object.assign(call, { attempt, later });
}

/** Where the memory of `bytes` lies, for structures that hold pointers; the caller keeps `bytes` alive over the call. */
export function addressOf(bytes: Uint8Array): bigint {
  return koffi.address(bytes);
}

function runAsync(raw: { async: (...args: unknown[]) => void }, args: unknown[]): Promise<number> {
  return new Promise((resolve, reject) => {
    raw.async(...args, (error: unknown, result: number) => {
      if (error) reject(error);
      else resolve(result === -1 ? -koffi.errno() : result);
    });
  });
}

function withPaths(kinds: readonly ArgKind[], args: readonly unknown[]): unknown[] {
  const ready = args.slice();
  for (let i = 0; i < kinds.length; i++) {
    const arg = ready[i];
    if (kinds[i] === 'path' && typeof arg === 'string') ready[i] = pathArgument(arg);
  }
  return ready;
}

function pathArgument(path: string): string | Buffer {
  if (path.includes('\0')) {
    throw new EngineError('invalid', `path ${JSON.stringify(path)} holds a NUL byte`);
  }
  return hasRawBytes(path) ? Buffer.concat([encodePath(path), Buffer.of(0)]) : path;
}

function firstPath(kinds: readonly ArgKind[], args: readonly unknown[]): string | undefined {
  const path = args.find((arg, i) => kinds[i] === 'path' && typeof arg === 'string' && arg !== '');
  return typeof path === 'string' ? path : undefined;
}

function kindOf(code: string): 'no-space' | 'system' {
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'no-space' : 'system';
}

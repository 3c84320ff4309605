import { EngineError, type ErrorKind } from '../base/errors.ts';
import { errnoName } from './errno.ts';
import { FieldReader } from './shim-frames.ts';
import { NO_OP, OPS, PHASE_CREATE } from './shim-protocol.ts';

/**
 * An operation of a program that failed; nothing is left of what was begun. Its kind is `invalid` for `EXEC` and `CWD`
 * (the command or directory the user named cannot be used), `no-space` where the disk is full, otherwise `system`.
 */
export class ShimFailure extends EngineError {
  readonly phase: 'create' | 'start';
  /** Name of the operation in {@link OPS} (`ROOT_OVERLAY`, `EXEC`); undefined when it was the shim's own work. */
  readonly op: string | undefined;
  /** Index of the operation in the program. */
  readonly index: number | undefined;
  /** `ENOENT`. */
  readonly code: string;
  /** What was tried on what. */
  readonly detail: string;

  constructor(
    phase: 'create' | 'start',
    op: string | undefined,
    index: number,
    code: string,
    detail: string,
  ) {
    const where = op === undefined ? 'the shim' : `operation ${index} (${op})`;
    super(kindOf(op, code), `${where}: ${detail}: ${code}`);
    this.name = 'ShimFailure';
    this.phase = phase;
    this.op = op;
    this.index = index === NO_OP ? undefined : index;
    this.code = code;
    this.detail = detail;
  }
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(OPS).map(([name, [code]]) => [code, name] as const),
);

/** The error a FAILED message stands for. */
export function parseFailure(payload: Buffer): ShimFailure {
  const fields = new FieldReader(payload);
  const phase = fields.u32() === PHASE_CREATE ? 'create' : 'start';
  const index = fields.u32();
  const op = NAMES.get(fields.u32());
  const code = errnoName(fields.u32());
  return new ShimFailure(phase, op, index, code, fields.string());
}

/** The error an ERROR message stands for: `not-found` for ESRCH, `conflict` for EEXIST and EBUSY, otherwise `system`. */
export function parseError(payload: Buffer, request: string): EngineError {
  const fields = new FieldReader(payload);
  const code = errnoName(fields.u32());
  const kinds: Record<string, ErrorKind> = { ESRCH: 'not-found', EEXIST: 'conflict', EBUSY: 'conflict' };
  return new EngineError(kinds[code] ?? 'system', `${request}: ${fields.string()}: ${code}`);
}

function kindOf(op: string | undefined, code: string): ErrorKind {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'no-space';
  return op === 'EXEC' || op === 'CWD' ? 'invalid' : 'system';
}

import { type Ctx, checkCancelled } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { encodeProgram } from './shim-encode.ts';
import { parseFailure } from './shim-failure.ts';
import { FieldReader } from './shim-frames.ts';
import type { ShimImage } from './shim-image.ts';
import type { CreateOp, ProcessOp } from './shim-ops.ts';
import type { ShimProcess } from './shim-process.ts';
import { STDIO_STDIN, STDIO_STDIN_ONCE, STDIO_TTY } from './shim-protocol.ts';

/** Where the shim writes what the container prints: Docker's json-file format. */
export interface ShimLog {
  readonly path: string;
  /** Bytes after which the file is rotated; 0: never. */
  readonly maxSize: number;
  /** Files kept, the current one included. */
  readonly maxFiles: number;
  /** A JSON object that every entry carries as `attrs`. */
  readonly attrs?: string;
}

export interface ShimSpec {
  /** Existing directory, for shim.sock, init.pid and exit records. */
  readonly runDir: string;
  /** A terminal (the create program has a `tty` operation) or three pipes. */
  readonly tty: boolean;
  /** Keep standard input open for clients; otherwise it is the null device. */
  readonly stdin: boolean;
  /** Close standard input when a client that was attached to it leaves. */
  readonly stdinOnce: boolean;
  readonly log?: ShimLog;
  /** Existing directory on disk, for the output that slow clients have not taken yet. */
  readonly spillDir: string;
  /** Most bytes of it that one client may use before it is dropped. */
  readonly spillLimit: number;
  readonly program: readonly CreateOp[];
}

/** A container that stands at the barrier: everything is set up, nothing of the user's has run. */
export interface ShimCreation {
  /** Of init, in the daemon's pid namespace. */
  readonly pid: number;
  readonly shimPid: number;
  /**
   * Runs the process program; resolves when the user's program has been exec'd. Throws {@link ShimFailure}; then, and
   * after an abort of `ctx`, the container is gone. Must be called, or {@link abort}: the shim waits for either.
   */
  start(ctx: Ctx, program: readonly ProcessOp[]): Promise<void>;
  /** Undoes the creation; resolves when the shim is gone, and with it every process and mount. */
  abort(): Promise<void>;
}

/**
 * Starts a shim and lets it carry out the create program. Throws {@link ShimFailure} (nothing is left then), or
 * `system` when the shim cannot be run.
 */
export async function createShim(ctx: Ctx, image: ShimImage, spec: ShimSpec): Promise<ShimCreation> {
  checkCancelled(ctx);
  const program = encodeProgram(spec.program);
  const shim = image.take();
  const log = spec.log;
  shim.frames.send(
    'CREATE',
    ...[spec.runDir, stdioFlags(spec), log?.path ?? '', BigInt(log?.maxSize ?? 0), log?.maxFiles ?? 1],
    ...[log?.attrs ?? '', spec.spillDir, BigInt(spec.spillLimit), program],
  );
  const pid = new FieldReader(await answer(ctx, shim, 'CREATED')).u32();
  return {
    pid,
    shimPid: shim.pid,
    start: async (startCtx, processProgram) => {
      shim.frames.send('START', encodeProgram(processProgram));
      await answer(startCtx, shim, 'STARTED');
      shim.letGo();
    },
    abort: async () => {
      await shim.end();
    },
  };
}

function stdioFlags(spec: ShimSpec): number {
  return (
    (spec.tty ? STDIO_TTY : 0) | (spec.stdin ? STDIO_STDIN : 0) | (spec.stdinOnce ? STDIO_STDIN_ONCE : 0)
  );
}

/** The payload of the answer `wanted`; anything else, and a cancellation, ends the shim and throws. */
async function answer(ctx: Ctx, shim: ShimProcess, wanted: 'CREATED' | 'STARTED'): Promise<Buffer> {
  const cancel = (): void => shim.frames.close();
  ctx.signal.addEventListener('abort', cancel);
  try {
    const frame = await shim.frames.next();
    if (frame?.name === wanted) return frame.payload;
    const end = await shim.end();
    checkCancelled(ctx);
    if (frame?.name === 'FAILED') throw parseFailure(frame.payload);
    throw new EngineError('system', `the shim ended without an answer: ${end}`);
  } finally {
    ctx.signal.removeEventListener('abort', cancel);
  }
}

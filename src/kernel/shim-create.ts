import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { type Ctx, checkCancelled } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { encodeProgram } from './shim-encode.ts';
import { parseFailure } from './shim-failure.ts';
import { FieldReader, type Frame, FrameSocket } from './shim-frames.ts';
import type { ShimImage } from './shim-image.ts';
import type { CreateOp, ProcessOp } from './shim-ops.ts';
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
  const shim = takeShim(image);
  const log = spec.log;
  shim.socket.send(
    'CREATE',
    ...[spec.runDir, stdioFlags(spec), log?.path ?? '', BigInt(log?.maxSize ?? 0), log?.maxFiles ?? 1],
    ...[log?.attrs ?? '', spec.spillDir, BigInt(spec.spillLimit), program],
  );
  const pid = new FieldReader(await shim.answer(ctx, 'CREATED')).u32();
  return {
    pid,
    shimPid: shim.pid,
    start: async (startCtx, processProgram) => {
      shim.socket.send('START', encodeProgram(processProgram));
      await shim.answer(startCtx, 'STARTED');
      shim.release();
      keepSpare(image);
    },
    abort: () => shim.abort(),
  };
}

/** Forking a process of the daemon's size takes milliseconds: one shim per image is started ahead and waits for its orders. */
const spares = new WeakMap<ShimImage, Shim>();
/** The next one is started when the request that took the last has had its answer, in milliseconds. */
const SPARE_DELAY = 20;

function takeShim(image: ShimImage): Shim {
  const spare = spares.get(image);
  spares.delete(image);
  if (!spare?.alive) return new Shim(image);
  spare.ref();
  return spare;
}

function keepSpare(image: ShimImage): void {
  setTimeout(() => {
    if (spares.get(image)?.alive) return;
    const spare = new Shim(image);
    spare.unref();
    spares.set(image, spare);
  }, SPARE_DELAY).unref();
}

function stdioFlags(spec: ShimSpec): number {
  return (
    (spec.tty ? STDIO_TTY : 0) | (spec.stdin ? STDIO_STDIN : 0) | (spec.stdinOnce ? STDIO_STDIN_ONCE : 0)
  );
}

/** The process, and its socket until it is on its own. */
class Shim {
  readonly pid: number;
  readonly socket: FrameSocket;
  readonly #child: ChildProcess;
  readonly #gone: Promise<string>;
  readonly #stream: Socket;

  constructor(image: ShimImage) {
    const child = spawn(image.path, [], {
      argv0: 'gantry-shim',
      cwd: '/',
      env: {},
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    this.#gone = goneOf(child);
    const socket = child.stdio[3];
    if (!(socket instanceof Socket)) throw new Error('no socket to the shim');
    this.#stream = socket;
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.socket = new FrameSocket(socket);
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && !this.#stream.destroyed;
  }

  /** Whether this process stays for its sake. It ends by itself when this process does. */
  ref(): void {
    this.#child.ref();
    this.#stream.ref();
  }

  unref(): void {
    this.#child.unref();
    this.#stream.unref();
  }

  /** The payload of the answer `wanted`; anything else, and a cancellation, ends the shim. */
  async answer(ctx: Ctx, wanted: 'CREATED' | 'STARTED'): Promise<Buffer> {
    const cancel = (): void => this.socket.close();
    ctx.signal.addEventListener('abort', cancel);
    try {
      const frame = await this.socket.next();
      if (frame?.name === wanted) return frame.payload;
      await this.abort();
      checkCancelled(ctx);
      throw await this.#failure(frame);
    } finally {
      ctx.signal.removeEventListener('abort', cancel);
    }
  }

  async #failure(frame: Frame | undefined): Promise<EngineError> {
    if (frame?.name === 'FAILED') return parseFailure(frame.payload);
    return new EngineError('system', `the shim ended without an answer: ${await this.#gone}`);
  }

  /** It lives on by itself, also when this process ends. */
  release(): void {
    this.socket.close();
    this.#child.unref();
  }

  async abort(): Promise<void> {
    this.socket.close();
    this.#child.ref();
    await this.#gone;
  }
}

/** Resolves, with words on how, when the process has ended. */
function goneOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

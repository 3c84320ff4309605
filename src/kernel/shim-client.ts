import { setMaxListeners } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Ctx } from '../base/ctx.ts';
import { checkCancelled } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { encodeProgram, type Field } from './shim-encode.ts';
import { parseError, parseFailure } from './shim-failure.ts';
import { FieldReader, type Frame, FrameSocket } from './shim-frames.ts';
import type { ProcessOp } from './shim-ops.ts';
import * as P from './shim-protocol.ts';
import { type ExitRecord, parseExitRecord, readExitRecord } from './shim-record.ts';

/** A piece of a process's output. With a terminal everything is `stdout`. */
export interface ShimOutput {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/** A connection to a process's streams. */
export interface ShimStreams {
  /**
   * One reader. Ends with the process, when all it wrote has been delivered, or with the connection. What is not read
   * stays with the shim: for a container in a spill file, for an exec in the process that would write it.
   */
  readonly output: AsyncIterable<ShimOutput>;
  /**
   * Absent unless asked for. A write is done when it is under way, so it waits while the process does not read. `end()`
   * closes the process's standard input (of a terminal, nothing); `destroy()` leaves it open.
   */
  readonly stdin?: Writable;
  /** Settles when `output` has ended; undefined when the connection broke or was closed. Never rejects. */
  readonly exit: Promise<ExitRecord | undefined>;
  /** Leaves. The process goes on; an exec's standard input ends. */
  close(): void;
}

export interface ShimAttachment extends ShimStreams {
  /** Inode and size of the log file at the moment the live output begins: what is before has been logged there. */
  readonly log: { readonly inode: bigint; readonly size: bigint };
}

export interface ShimExec extends ShimStreams {
  /** In the daemon's pid namespace. */
  readonly pid: number;
}

export interface AttachRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Begin with the unfinished lines, which the log does not have yet: for a replay of the log before. */
  readonly pending: boolean;
}

export interface ExecRequest {
  /** Letters, digits, `_` and `-`, at most 128. */
  readonly id: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  /** False: standard output and error are the null device, or the terminal's output is thrown away. */
  readonly output: boolean;
  /** Directories to run in: usually the container's own. */
  readonly cgroup: { readonly unified: string; readonly legacy: readonly string[] };
  /** With `tty`, begins with a `tty` operation. */
  readonly program: readonly ProcessOp[];
}

export interface ShimState {
  readonly status: 'creating' | 'created' | 'running' | 'stopped';
  readonly pid: number;
  readonly lostLogLines: bigint;
}

/**
 * The shim of a run directory. Every call is a connection of its own. Errors: `unavailable` when nobody listens (the
 * container has ended, or its shim was killed: see `readExitRecord`), `not-found` when the exec or container does not run.
 */
export interface ShimConnection {
  state(ctx: Ctx): Promise<ShimState>;
  /** Also before START: what the container prints is then seen from its first byte. */
  attach(ctx: Ctx, request: AttachRequest): Promise<ShimAttachment>;
  /** Runs a process in the container. Throws {@link ShimFailure}; `conflict` when the id is in use. */
  exec(ctx: Ctx, request: ExecRequest): Promise<ShimExec>;
  /** Size of a terminal; of init's unless `execId`. */
  resize(ctx: Ctx, rows: number, columns: number, execId?: string): Promise<void>;
  signal(ctx: Ctx, signal: number, execId?: string): Promise<void>;
  /** To all processes in the container's cgroup; just to init without one. */
  signalAll(ctx: Ctx, signal: number): Promise<void>;
  /** Closes standard input once what was written to it has been read. */
  closeStdin(ctx: Ctx, execId?: string): Promise<void>;
  /**
   * How the process ended, as soon as it has; from its record when that was before. `unavailable` when the connection
   * broke and there is none: the shim was killed, and `reapLostShim` is what remains to be done.
   */
  wait(ctx: Ctx, execId?: string): Promise<ExitRecord>;
}

/** Talks to the shim that listens in `runDir`. Nothing is opened until a method is called. */
export function connectShim(runDir: string): ShimConnection {
  const command = async (ctx: Ctx, name: P.MessageName, ...fields: Field[]): Promise<void> => {
    await ask(ctx, runDir, 'OK', name, fields);
  };
  return {
    state: async (ctx) => parseState(await ask(ctx, runDir, 'STATUS', 'STATE', [])),
    attach: (ctx, request) => attach(ctx, runDir, request),
    exec: (ctx, request) => exec(ctx, runDir, request),
    resize: (ctx, rows, columns, id = '') => command(ctx, 'RESIZE', id, rows, columns),
    signal: (ctx, signal, id = '') => command(ctx, 'SIGNAL', id, signal, 0),
    signalAll: (ctx, signal) => command(ctx, 'SIGNAL', '', signal, 1),
    closeStdin: (ctx, id = '') => command(ctx, 'CLOSE_STDIN', id),
    wait: (ctx, id = '') => wait(ctx, runDir, id),
  };
}

const STATUS: ReadonlyMap<number, ShimState['status']> = new Map([
  [P.STATUS_CREATING, 'creating'],
  [P.STATUS_CREATED, 'created'],
  [P.STATUS_RUNNING, 'running'],
  [P.STATUS_STOPPED, 'stopped'],
]);

function parseState(payload: Buffer): ShimState {
  const fields = new FieldReader(payload);
  return { status: STATUS.get(fields.u32()) ?? 'stopped', pid: fields.u32(), lostLogLines: fields.u64() };
}

/** A socket address holds 107 bytes; a longer path is reached by way of a descriptor of its directory. */
async function dial(ctx: Ctx, runDir: string): Promise<FrameSocket> {
  checkCancelled(ctx);
  const direct = join(runDir, 'shim.sock');
  const directory = Buffer.byteLength(direct) > 107 ? openSync(runDir, 'r') : undefined;
  const path = directory === undefined ? direct : `/proc/self/fd/${directory}/shim.sock`;
  try {
    return await new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('connect', () => resolve(new FrameSocket(socket)));
      socket.once('error', reject);
    });
  } catch (error) {
    throw new EngineError('unavailable', `${direct}: no shim listens`, { cause: error });
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}

/** Sends a request and waits for its answer; the connection closes when the caller goes. */
async function request(
  ctx: Ctx,
  socket: FrameSocket,
  name: P.MessageName,
  fields: readonly Field[],
): Promise<Frame | undefined> {
  const cancel = (): void => socket.close();
  setMaxListeners(0, ctx.signal); // one per container waits for its end
  ctx.signal.addEventListener('abort', cancel);
  try {
    socket.send(name, ...fields);
    const frame = await socket.next();
    checkCancelled(ctx);
    return frame;
  } finally {
    ctx.signal.removeEventListener('abort', cancel);
  }
}

function refusal(frame: Frame | undefined, name: P.MessageName): EngineError {
  if (frame?.name === 'ERROR') return parseError(frame.payload, name);
  if (frame?.name === 'FAILED') return parseFailure(frame.payload);
  return new EngineError('unavailable', `${name}: the shim ended`);
}

async function ask(
  ctx: Ctx,
  runDir: string,
  wanted: P.MessageName,
  name: P.MessageName,
  fields: readonly Field[],
): Promise<Buffer> {
  const socket = await dial(ctx, runDir);
  try {
    const frame = await request(ctx, socket, name, fields);
    if (frame?.name === wanted) return frame.payload;
    throw refusal(frame, name);
  } finally {
    socket.close();
  }
}

async function open(
  ctx: Ctx,
  runDir: string,
  wanted: P.MessageName,
  name: P.MessageName,
  fields: readonly Field[],
): Promise<{ socket: FrameSocket; payload: Buffer }> {
  const socket = await dial(ctx, runDir);
  try {
    const frame = await request(ctx, socket, name, fields);
    if (frame?.name === wanted) return { socket, payload: frame.payload };
    throw refusal(frame, name);
  } catch (error) {
    socket.close();
    throw error;
  }
}

async function attach(ctx: Ctx, runDir: string, wish: AttachRequest): Promise<ShimAttachment> {
  const flags =
    (wish.stdin ? P.ATTACH_STDIN : 0) |
    (wish.stdout ? P.ATTACH_STDOUT : 0) |
    (wish.stderr ? P.ATTACH_STDERR : 0) |
    (wish.pending ? P.ATTACH_PENDING : 0);
  const { socket, payload } = await open(ctx, runDir, 'ATTACHED', 'ATTACH', [flags]);
  const fields = new FieldReader(payload);
  return { log: { inode: fields.u64(), size: fields.u64() }, ...streamsOf(socket, wish.stdin) };
}

async function exec(ctx: Ctx, runDir: string, wish: ExecRequest): Promise<ShimExec> {
  const flags =
    (wish.tty ? P.STDIO_TTY : 0) | (wish.stdin ? P.STDIO_STDIN : 0) | (wish.output ? P.STDIO_OUTPUT : 0);
  const { unified, legacy } = wish.cgroup;
  const fields = [wish.id, flags, unified, legacy, encodeProgram(wish.program)];
  const { socket, payload } = await open(ctx, runDir, 'STARTED', 'EXEC', fields);
  return { pid: new FieldReader(payload).u32(), ...streamsOf(socket, wish.stdin) };
}

async function wait(ctx: Ctx, runDir: string, execId: string): Promise<ExitRecord> {
  try {
    return parseExitRecord((await ask(ctx, runDir, 'EXIT', 'WAIT', [execId])).toString(), 'WAIT');
  } catch (error) {
    const gone = error instanceof EngineError && error.kind === 'unavailable';
    const record = gone ? readExitRecord(runDir, execId) : undefined;
    if (record) return record;
    throw error;
  }
}

function streamsOf(socket: FrameSocket, withStdin: boolean): ShimStreams {
  let settle: (record: ExitRecord | undefined) => void = () => {};
  const exit = new Promise<ExitRecord | undefined>((resolve) => {
    settle = resolve;
  });
  const close = (): void => {
    socket.close();
    settle(undefined);
  };
  return {
    output: readOutput(socket, settle),
    ...(withStdin ? { stdin: writableInput(socket) } : {}),
    exit,
    close,
  };
}

async function* readOutput(
  socket: FrameSocket,
  settle: (record: ExitRecord | undefined) => void,
): AsyncGenerator<ShimOutput> {
  try {
    for (let frame = await socket.next(); frame; frame = await socket.next()) {
      if (frame.name === 'OUTPUT') {
        yield { stream: frame.stream === 2 ? 'stderr' : 'stdout', data: frame.payload };
      } else if (frame.name === 'EXIT') {
        settle(parseExitRecord(frame.payload.toString(), 'EXIT'));
        return;
      }
    }
  } finally {
    settle(undefined);
    socket.close();
  }
}

function writableInput(socket: FrameSocket): Writable {
  const input = new Writable({
    write: (chunk: Buffer, _encoding, done) => socket.sendRaw('STDIN', chunk, done),
    final: (done) => {
      socket.send('STDIN_EOF');
      done();
    },
  });
  // That the connection has ended is told by `exit`; nobody has to listen here as well.
  return input.on('error', () => {});
}

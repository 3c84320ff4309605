import { Writable } from 'node:stream';
import type { OutputChunk } from '../containers/output.ts';
import { DetachFilter } from '../formats/detach-keys.ts';
import type { ShimStreams } from '../kernel/shim-client.ts';
import type { AttachSession } from './attach-session.ts';

export interface SessionOptions {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Bytes that detach a terminal's client. */
  readonly detachKeys: Buffer;
  /** Whether the client's end of input is the process's. */
  readonly endsInput: boolean;
  /** The process's streams, once there is a process; undefined when there will be none. */
  readonly streams: Promise<ShimStreams | undefined>;
  /** Waited for before the output ends: what a client may ask for as soon as it does. */
  readonly settled?: Promise<void>;
  /** What the client gets first. */
  readonly prelude?: (streams: ShimStreams | undefined) => AsyncIterable<OutputChunk>;
  /** Called once, when the session has ended. */
  readonly onEnd: (how: SessionEnd) => void;
}

export type SessionEnd = 'ended' | 'detached' | 'closed';

/** Joins a client to a process's streams. `signal` ends it like `close()`. */
export function openSession(signal: AbortSignal, options: SessionOptions): AttachSession {
  const state = new SessionState(signal, options);
  return {
    tty: options.tty,
    output: outputOf(state, options),
    ...(options.stdin && { stdin: inputOf(state, options) }),
    done: state.done,
    close: () => state.end('closed'),
  };
}

/** How far a session is. Ends once; whoever waits for the process's streams is then told that there are none. */
class SessionState {
  readonly done: Promise<SessionEnd>;
  /** The streams, or undefined when the session or the process is over before there are any. */
  readonly streams: Promise<ShimStreams | undefined>;
  #how: SessionEnd | undefined;
  #finish: (how: SessionEnd) => void = () => {};

  constructor(signal: AbortSignal, { streams, onEnd }: SessionOptions) {
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    const over = this.done.then(() => undefined);
    this.streams = Promise.race([streams.catch(() => undefined), over]);
    const close = (): void => this.end('closed');
    signal.addEventListener('abort', close, { once: true });
    void this.done.then((how) => {
      signal.removeEventListener('abort', close);
      void streams.then(
        (opened) => opened?.close(),
        () => {},
      );
      onEnd(how);
    });
    if (signal.aborted) close();
  }

  get over(): boolean {
    return this.#how !== undefined;
  }

  end(how: SessionEnd): void {
    if (this.#how !== undefined) return;
    this.#how = how;
    this.#finish(how);
  }
}

async function* outputOf(state: SessionState, options: SessionOptions): AsyncGenerator<OutputChunk> {
  try {
    const streams = await state.streams;
    if (options.prelude && !state.over) yield* options.prelude(streams);
    if (!streams || state.over) return;
    for await (const chunk of streams.output) {
      if (state.over) return;
      if (options[chunk.stream]) yield chunk;
    }
    if (!state.over) await options.settled;
  } finally {
    state.end('ended');
  }
}

/** Passes input on, waiting while the process does not read. A terminal's is searched for the detach keys. */
function inputOf(state: SessionState, options: SessionOptions): Writable {
  const filter = options.tty ? new DetachFilter(options.detachKeys) : undefined;
  const target = async (): Promise<Writable | undefined> => (await state.streams)?.stdin;
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const { data, detached } = filter ? filter.push(chunk) : { data: chunk, detached: false };
      if (detached) state.end('detached');
      void target().then((stdin) => {
        if (!stdin || stdin.destroyed || data.length === 0) done();
        else stdin.write(data, () => done());
      });
    },
    final(done) {
      void target().then((stdin) => {
        if (options.endsInput) stdin?.end();
        done();
      });
    },
  });
}

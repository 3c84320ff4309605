import type { Writable } from 'node:stream';
import type { OutputChunk } from '../containers/output.ts';

/**
 * A client's connection to a process's streams, of attach and of exec alike. The caller pumps `output` to the client
 * (each step of the iteration waits, so a slow client slows only itself) and the client's bytes into `stdin`.
 */
export interface AttachSession {
  /** A terminal: raw bytes, all on stdout. Otherwise two streams, to be multiplexed. */
  readonly tty: boolean;
  /** Ends when the process has ended and everything was delivered, when the client detached, or after `close()`. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Absent unless stdin was asked for and is open. `end()` is the client's half-close; bytes pass the detach-keys filter. */
  readonly stdin?: Writable;
  /** How it ended; settles when `output` has ended. Never rejects. */
  readonly done: Promise<'ended' | 'detached' | 'closed'>;
  /** The client is gone. */
  close(): void;
}

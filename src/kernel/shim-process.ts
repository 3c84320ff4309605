import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { FrameSocket } from './shim-frames.ts';

/** A shim that was started and, until it is let go, ends with its socket. */
export class ShimProcess {
  readonly pid: number;
  readonly frames: FrameSocket;
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  /** Resolves, with words on how, when the process has ended. Never rejects. */
  readonly gone: Promise<string>;

  /** Runs the program at `path` in a session of its own. That it could not be run is told by `gone`. */
  constructor(path: string) {
    this.#child = spawn(path, [], {
      argv0: 'gantry-shim',
      cwd: '/',
      env: {},
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    this.gone = goneOf(this.#child);
    const socket = this.#child.stdio[3];
    if (!(socket instanceof Socket)) throw new Error('no socket to the shim');
    this.#socket = socket;
    this.pid = this.#child.pid ?? 0;
    this.frames = new FrameSocket(socket);
  }

  get running(): boolean {
    return this.pid > 0 && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether this process stays for its sake. */
  hold(held: boolean): void {
    if (held) {
      this.#child.ref();
      this.#socket.ref();
    } else {
      this.#child.unref();
      this.#socket.unref();
    }
  }

  /** It lives on by itself, also when this process ends. */
  letGo(): void {
    this.frames.close();
    this.#child.unref();
  }

  /** Takes its socket away, on which it undoes what it has done; resolves when it is gone. */
  async end(): Promise<string> {
    this.frames.close();
    this.#child.ref();
    return await this.gone;
  }
}

function goneOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

import { connect, type Socket } from 'node:net';
import { EngineError } from '../../base/errors.ts';
import type { Endpoint } from '../endpoint.ts';
import { tlsOptions } from '../tls.ts';
import { Exchange, type Outgoing, type Reply, type Upgraded } from './exchange.ts';

/** The connections to one daemon: idle ones are used again, and never keep the program alive. */
export class Sockets {
  readonly #endpoint: Endpoint;
  readonly #idle: Socket[] = [];

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /**
   * Sends one request. `signal` closes its connection at any time, also while the reply's body is read. Rejects with the
   * socket's own error, `unavailable` or `invalid`.
   */
  async exchange(signal: AbortSignal, outgoing: Outgoing): Promise<Reply | Upgraded> {
    signal.throwIfAborted();
    const reused = this.#takeIdle();
    const first = reused ?? (await this.#open());
    try {
      return await this.#run(signal, first, outgoing);
    } catch (error) {
      // The daemon closed an idle connection just as we took it up again.
      const unheard = first === reused && error instanceof Unanswered && typeof outgoing.body !== 'object';
      if (!unheard || signal.aborted) throw error instanceof Unanswered ? error.cause : error;
      return this.#run(signal, await this.#open(), outgoing).catch((again: unknown) => {
        throw again instanceof Unanswered ? again.cause : again;
      });
    }
  }

  async #run(signal: AbortSignal, socket: Socket, outgoing: Outgoing): Promise<Reply | Upgraded> {
    let upgraded = false;
    const abort = (): void => {
      // A hijacked connection just ends; its holder knows why.
      socket.destroy(upgraded ? undefined : new Error('cancelled'));
    };
    signal.addEventListener('abort', abort, { once: true });
    const forget = (): void => signal.removeEventListener('abort', abort);
    socket.once('close', forget);
    const exchange = new Exchange(socket, outgoing, (free) => {
      forget();
      free.off('close', forget);
      this.#keep(free);
    });
    try {
      const reply = await exchange.run();
      upgraded = 'socket' in reply;
      return reply;
    } catch (error) {
      throw exchange.unanswered ? new Unanswered(error) : error;
    }
  }

  async #open(): Promise<Socket> {
    const { address, tls } = this.#endpoint;
    if (address.kind === 'unix') return connect({ path: address.path });
    const { host, port } = address;
    if (!tls) return connect({ host, port, noDelay: true });
    const [options, { connect: connectTls }] = await Promise.all([tlsOptions(tls), import('node:tls')]);
    return connectTls({ ...options, host, port, ...(!/^[\d.]+$|:/.test(host) && { servername: host }) });
  }

  #takeIdle(): Socket | undefined {
    const socket = this.#idle.pop();
    socket?.removeAllListeners('data').removeAllListeners('error').removeAllListeners('close').ref();
    return socket;
  }

  #keep(socket: Socket): void {
    const drop = (): void => {
      const at = this.#idle.indexOf(socket);
      if (at >= 0) this.#idle.splice(at, 1);
      socket.destroy();
    };
    // Nobody has asked anything: whatever comes now is a mistake, or the end.
    socket.on('data', drop).on('error', drop).on('close', drop).unref();
    socket.resume();
    this.#idle.push(socket);
  }
}

/** The connection failed before the daemon had said anything; `cause` says how. */
class Unanswered extends EngineError {
  constructor(cause: unknown) {
    super('unavailable', 'no answer', { cause });
  }
}

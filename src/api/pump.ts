import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { OutputChunk } from '../containers/output.ts';
import type { AttachSession } from '../engine/attach-session.ts';
import { frameHeader, STDERR, STDOUT } from '../wire/stdcopy.ts';
import type { ApiVersion } from './versions.ts';

/** Content type of a stdio stream: clients before 1.42 know only one. */
export function streamType(tty: boolean, version: ApiVersion): string {
  return tty || version < 42
    ? 'application/vnd.docker.raw-stream'
    : 'application/vnd.docker.multiplexed-stream';
}

/** Output as bytes on the wire: raw for a terminal, else framed per stream. */
export async function* encodeOutput(
  output: AsyncIterable<OutputChunk>,
  tty: boolean,
): AsyncGenerator<Uint8Array> {
  for await (const { stream, data } of output) {
    if (!tty) yield frameHeader(stream === 'stderr' ? STDERR : STDOUT, data.length);
    yield data;
  }
}

/**
 * Carries a session over a hijacked connection until the process ends, the client detaches or goes away. A client that
 * half-closes ends stdin only; one that vanishes ends the session.
 */
export async function pumpSession(session: AttachSession, connection: Duplex): Promise<void> {
  connection.on('error', () => session.close());
  connection.on('close', () => session.close());
  pumpInput(session, connection);
  for await (const bytes of encodeOutput(session.output, session.tty)) {
    if (connection.destroyed) break;
    if (!connection.write(bytes)) await drained(connection);
  }
  connection.end();
  await session.done;
  await finished(connection, { readable: false }).catch(() => {});
  connection.destroy();
}

function pumpInput(session: AttachSession, connection: Duplex): void {
  if (!session.stdin) {
    connection.resume();
    return;
  }
  session.stdin.on('error', () => connection.resume());
  connection.pipe(session.stdin);
}

function drained(connection: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      connection.off('drain', done);
      connection.off('close', done);
      resolve();
    };
    connection.on('drain', done);
    connection.on('close', done);
  });
}

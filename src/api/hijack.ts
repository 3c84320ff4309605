import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex, PassThrough, Readable } from 'node:stream';

/**
 * Takes over a connection whose client asked for an upgrade (docker's CLI and SDKs): answers 101 and hands out the
 * socket. Bytes that arrived behind the request head are put back first.
 */
export function hijackUpgraded(
  request: IncomingMessage,
  response: ServerResponse,
  socket: Socket,
  contentType: string,
): Duplex {
  response.detachSocket(socket);
  const protocol = request.headers.upgrade ?? 'tcp';
  socket.write(
    `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType}\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
  );
  return socket;
}

/**
 * The same for a client that did not ask: the request body is the input, the response body the output, which is what
 * old SDKs and curl expect.
 */
export function hijackPlain(request: IncomingMessage, response: ServerResponse, contentType: string): Duplex {
  response.writeHead(200, { 'Content-Type': contentType });
  response.flushHeaders();
  const output = new PassThrough();
  output.pipe(response);
  return Duplex.from({ readable: request, writable: output });
}

/**
 * The body of an upgrade request: exactly Content-Length bytes. Node's parser hands it out with the request since 24.9; before, it
 * left it on the socket, in front of what belongs to the upgraded connection.
 */
export function upgradeBody(request: IncomingMessage, socket: Socket): Readable {
  return Readable.from(bodyOf(request, socket), { objectMode: false });
}

async function* bodyOf(request: IncomingMessage, socket: Socket): AsyncGenerator<Buffer> {
  let left = Number(request.headers['content-length'] ?? 0);
  for await (const chunk of request) {
    left -= chunk.length;
    yield chunk;
  }
  yield* takeBytes(socket, left);
}

async function* takeBytes(socket: Socket, length: number): AsyncGenerator<Buffer> {
  for (let left = length; left > 0; ) {
    const chunk: Buffer | null = socket.read(Math.min(left, socket.readableLength || left));
    if (chunk === null) {
      if (socket.readableEnded || socket.destroyed) return;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          for (const event of ['readable', 'end', 'close']) socket.off(event, wake);
          resolve();
        };
        for (const event of ['readable', 'end', 'close']) socket.on(event, wake);
      });
      continue;
    }
    left -= chunk.length;
    yield chunk;
  }
}

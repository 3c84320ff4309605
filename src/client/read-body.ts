import type { Readable } from 'node:stream';
import { EngineError, isEngineError, messageOf } from '../base/errors.ts';

const MAX_BODY = 64 * 1024 * 1024;

/** A stream of the daemon's, piece by piece. Throws `unavailable` naming `what` when it breaks off. */
export async function* chunksOf(body: Readable, what: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield Buffer.from(chunk);
  } catch (error) {
    if (isEngineError(error)) throw error;
    const problem = `${what}: the connection to the daemon was lost: ${messageOf(error)}`;
    throw new EngineError('unavailable', problem, { cause: error });
  }
}

/** The whole of `body` as text. Throws `invalid` naming `what` beyond `limit` bytes, `unavailable` when it breaks off. */
export async function readText(body: Readable, what: string, limit = MAX_BODY): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const bytes of chunksOf(body, what)) {
    size += bytes.length;
    if (size > limit)
      throw new EngineError('invalid', `${what}: the daemon's answer is longer than ${limit} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

import type { Readable } from 'node:stream';
import { EngineError } from '../base/errors.ts';

const MAX_BODY = 64 * 1024 * 1024;

/** The whole of `body` as text. Throws `invalid` naming `what` beyond `limit` bytes. */
export async function readText(body: Readable, what: string, limit = MAX_BODY): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limit) {
      body.destroy();
      throw new EngineError('invalid', `${what}: the daemon's answer is longer than ${limit} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

import type { Readable } from 'node:stream';
import { EngineError } from '../base/errors.ts';
import { chunksOf } from './read-body.ts';

/** No record of a sane daemon comes near it. */
const MAX_RECORD = 4 * 1024 * 1024;

/**
 * The records of a newline-separated JSON stream, as text. Holds at most one incomplete record. Throws `invalid` naming
 * `what` when one is longer than 4 MiB.
 */
export async function* jsonLines(body: Readable, what: string): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(body, what)) {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = Buffer.concat([...pending, rest.subarray(0, end)])
        .toString('utf8')
        .trim();
      if (line !== '') yield line;
      rest = rest.subarray(end + 1);
      pending = [];
      size = 0;
    }
    size += rest.length;
    if (size > MAX_RECORD)
      throw new EngineError('invalid', `${what}: a record is longer than ${MAX_RECORD} bytes`);
    pending.push(rest);
  }
  const last = Buffer.concat(pending).toString('utf8').trim();
  if (last !== '') yield last;
}

/** The records of a newline-separated JSON stream. Throws `invalid` naming `what` when one is not a JSON object. */
export async function* jsonRecords<T extends object>(body: Readable, what: string): AsyncGenerator<T> {
  for await (const line of jsonLines(body, what)) {
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch (error) {
      throw new EngineError('invalid', `${what}: a record is not JSON: ${line.slice(0, 200)}`, {
        cause: error,
      });
    }
    if (typeof record !== 'object' || record === null) {
      throw new EngineError('invalid', `${what}: a record is not an object: ${line.slice(0, 200)}`);
    }
    yield record as T;
  }
}

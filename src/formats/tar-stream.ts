import { EngineError } from '../base/errors.ts';
import type { TarEntry } from './tar-entry.ts';
import { TarReader, type TarSink } from './tar-reader.ts';
import { TAR_END, tarHeader, tarPaddingBytes } from './tar-writer.ts';

/** A member while an archive is read: `data` is read to its end, or left, before the next member is asked for. */
export interface TarMember {
  readonly entry: TarEntry;
  /** The file's bytes in order, holes filled with zeros; empty for everything that is not a file. Can be read once. */
  readonly data: AsyncIterable<Uint8Array>;
}

/** A member to be written. `data` must be exactly `entry.size` bytes. */
export interface TarInput {
  readonly entry: TarEntry;
  readonly data?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

type TarEvent =
  | { readonly kind: 'entry'; readonly entry: TarEntry }
  | { readonly kind: 'data'; readonly bytes: Buffer; readonly offset: number }
  | { readonly kind: 'end' };

/** The members of an archive one after another. What is not read of a member is skipped. Throws `invalid` for a malformed archive. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const events = readEvents(source);
  try {
    for (;;) {
      const { done, value: event } = await events.next();
      if (done) return;
      if (event.kind !== 'entry') continue;
      const reading = { ended: false };
      yield { entry: event.entry, data: memberData(events, event.entry.size, reading) };
      while (!reading.ended) reading.ended = (await events.next()).value?.kind !== 'data';
    }
  } finally {
    await events.return(undefined);
  }
}

async function* memberData(
  events: AsyncIterator<TarEvent>,
  size: number,
  reading: { ended: boolean },
): AsyncGenerator<Uint8Array> {
  let at = 0;
  while (!reading.ended) {
    const { value: event } = await events.next();
    if (event?.kind === 'data') {
      yield* zeros(event.offset - at);
      yield event.bytes;
      at = event.offset + event.bytes.length;
    } else {
      reading.ended = true;
    }
  }
  yield* zeros(size - at);
}

async function* readEvents(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEvent, undefined> {
  let events: TarEvent[] = [];
  const sink: TarSink = {
    entry: (entry) => events.push({ kind: 'entry', entry }),
    data: (bytes, offset) => events.push({ kind: 'data', bytes, offset }),
    end: () => events.push({ kind: 'end' }),
  };
  const reader = new TarReader(sink);
  for await (const chunk of source) {
    reader.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    const ready = events;
    events = [];
    yield* ready;
  }
  reader.finish();
}

const ZEROS = Buffer.alloc(65_536);

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= ZEROS.length)
    yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
}

/** Small pieces are joined up to this size, so that a reader gets few. */
const BATCH = 65_536;

/** An archive of `members`, ended properly. Throws `system` when a member's data is not as long as its entry says. */
export async function* writeTar(
  members: AsyncIterable<TarInput> | Iterable<TarInput>,
): AsyncGenerator<Uint8Array> {
  const batch = new Batch();
  for await (const { entry, data } of members) {
    yield* batch.add(tarHeader(entry));
    let written = 0;
    for await (const chunk of data ?? []) {
      written += chunk.byteLength;
      if (written > entry.size) break;
      yield* batch.add(chunk);
    }
    if (written !== entry.size) {
      const message = `${JSON.stringify(entry.name)} has ${written > entry.size ? 'more' : 'fewer'} than its ${entry.size} bytes`;
      throw new EngineError('system', `tar: ${message}: it changed while it was read`);
    }
    yield* batch.add(tarPaddingBytes(entry.size));
  }
  yield* batch.add(TAR_END);
  yield* batch.rest();
}

class Batch {
  #parts: Uint8Array[] = [];
  #size = 0;

  *add(bytes: Uint8Array): Generator<Uint8Array> {
    if (bytes.byteLength >= BATCH) {
      yield* this.rest();
      yield bytes;
      return;
    }
    this.#parts.push(bytes);
    this.#size += bytes.byteLength;
    if (this.#size >= BATCH) yield* this.rest();
  }

  *rest(): Generator<Uint8Array> {
    if (this.#size > 0) yield Buffer.concat(this.#parts, this.#size);
    this.#parts = [];
    this.#size = 0;
  }
}

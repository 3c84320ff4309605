import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ctx, checkCancelled } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { readTar } from '../formats/tar-stream.ts';
import { ArchiveMembers, type MemberData } from '../images/archive-members.ts';
import { decompress } from '../layers/decompress.ts';
import type { ImagesDeps } from './images-deps.ts';

const CHUNK = 1 << 20;

/** An archive that came as a stream, on disk and read by name. Its file has no name: when the daemon dies it is gone. */
export class SpooledArchive implements AsyncDisposable {
  readonly members: ArchiveMembers;
  readonly #file: FileHandle;

  constructor(file: FileHandle, members: ArchiveMembers) {
    this.#file = file;
    this.members = members;
  }

  /** The bytes of a small member. Throws `invalid` when it is larger than `limit`; `what` says who asks for it. */
  async read(name: string, limit: number, what: string): Promise<Buffer> {
    const { size, offset } = this.members.find(name, what);
    if (size > limit) {
      const message = `image archive: entry ${JSON.stringify(name)}: ${size} bytes (at most ${limit} are read)`;
      throw new EngineError('invalid', message);
    }
    const bytes = Buffer.alloc(size);
    await this.#fill(bytes, offset);
    return bytes;
  }

  /** The first bytes of a member, as many as a compression's magic number needs; zeros where there are none. */
  async head({ offset, size }: MemberData): Promise<Buffer> {
    const bytes = Buffer.alloc(6);
    await this.#fill(bytes.subarray(0, Math.min(size, bytes.length)), offset);
    return bytes;
  }

  /** The bytes of a member from `start` on. */
  async *stream(ctx: Ctx, { offset, size }: MemberData, start = 0): AsyncGenerator<Uint8Array> {
    for (let at = start; at < size; at += CHUNK) {
      checkCancelled(ctx);
      const bytes = Buffer.alloc(Math.min(CHUNK, size - at));
      await this.#fill(bytes, offset + at);
      yield bytes;
    }
  }

  async #fill(bytes: Buffer, position: number): Promise<void> {
    const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, position);
    if (bytesRead !== bytes.length)
      throw new EngineError('system', 'image archive: the spooled file is too short');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close();
  }
}

/** Takes an archive off the wire. Throws `invalid` naming the entry, `no-space`. */
export async function spoolArchive(
  ctx: Ctx,
  deps: ImagesDeps,
  archive: AsyncIterable<Uint8Array>,
): Promise<SpooledArchive> {
  const file = await namelessFile(deps.spoolDir);
  const members = new ArchiveMembers();
  try {
    let end = 0;
    for await (const { entry, data } of readTar(decompress(buffers(archive)))) {
      members.add(entry, end);
      for await (const chunk of data) {
        checkCancelled(ctx);
        await file.writeFile(chunk);
        end += chunk.byteLength;
      }
    }
    return new SpooledArchive(file, members);
  } catch (error) {
    await file.close();
    throw spoolError(error);
  }
}

async function* buffers(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of archive) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

async function namelessFile(parent: string): Promise<FileHandle> {
  const dir = await mkdtemp(join(parent, 'archive-'));
  try {
    return await open(join(dir, 'members'), 'wx+', 0o600);
  } finally {
    await rm(dir, { recursive: true });
  }
}

function spoolError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new EngineError('no-space', 'image archive: no space left on device', { cause: error });
}

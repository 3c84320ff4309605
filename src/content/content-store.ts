import { createReadStream } from 'node:fs';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Ctx } from '../base/ctx.ts';
import { checkCancelled } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { type Digest, digestOf } from '../formats/digest.ts';
import type {
  BlobRef,
  BlobSource,
  ContentInfo,
  ContentIngester,
  ContentManager,
  ContentProvider,
  Download,
  IngestInfo,
} from './content.ts';
import { Downloads } from './downloads.ts';
import { checkDigest, checkSize, digestLike, hashLike } from './hash.ts';
import { ContentLayout, diskError, errorCode, fileInfo } from './layout.ts';

/** Any digest of the algorithm that new blobs are named by. */
const SHA256 = digestOf('');

/**
 * Blobs by digest in an OCI image layout. A blob appears only whole: written under `ingest/`, verified, flushed, linked.
 * Killed in between, the next daemon finds either a partial file to go on with, or a blob that no record names yet and
 * that the sweep (or the next pull) finds.
 */
export class ContentStore implements ContentProvider, ContentIngester, ContentManager {
  readonly #layout: ContentLayout;
  readonly #downloads: Downloads;

  private constructor(layout: ContentLayout) {
    this.#layout = layout;
    this.#downloads = new Downloads(layout);
  }

  /** Opens the store under `root` (`DATA/content`), creating it when missing. One process at a time. */
  static async open(root: string): Promise<ContentStore> {
    const layout = new ContentLayout(root);
    await layout.prepare();
    return new ContentStore(layout);
  }

  pathOf(digest: Digest): string {
    return this.#layout.blob(digest);
  }

  async info(_ctx: Ctx, digest: Digest): Promise<ContentInfo | undefined> {
    const found = await fileInfo(this.pathOf(digest));
    return found && { digest, ...found };
  }

  async open(ctx: Ctx, blob: BlobRef, start = 0): Promise<Readable> {
    const { size } = await this.#existing(ctx, blob.digest);
    checkSize(blob, size);
    return createReadStream(this.pathOf(blob.digest), { start, signal: ctx.signal });
  }

  async readBytes(ctx: Ctx, blob: BlobRef, limit: number): Promise<Uint8Array> {
    if (blob.size > limit) {
      throw new EngineError('invalid', `${blob.digest}: ${blob.size} bytes (at most ${limit} are read)`);
    }
    const { size } = await this.#existing(ctx, blob.digest);
    checkSize(blob, size);
    const path = this.pathOf(blob.digest);
    const bytes = await readFile(path, { signal: ctx.signal }).catch((error: unknown) => {
      throw diskError(error, `cannot read ${path}`);
    });
    checkDigest(blob, digestLike(blob.digest, hashLike(blob.digest).update(bytes)));
    return bytes;
  }

  async #existing(ctx: Ctx, digest: Digest): Promise<ContentInfo> {
    const info = await this.info(ctx, digest);
    if (!info) throw new EngineError('not-found', `content ${digest}: not found`);
    return info;
  }

  download(ctx: Ctx, blob: BlobRef, source: BlobSource): Promise<Download> {
    return this.#downloads.download(ctx, blob, source);
  }

  async write(
    ctx: Ctx,
    source: AsyncIterable<Uint8Array>,
    expected?: BlobRef,
    claim: (digest: Digest) => Promise<void> = async () => {},
  ): Promise<ContentInfo> {
    const path = this.#layout.temporary();
    const like = expected?.digest ?? SHA256;
    try {
      const found = await this.#writeFile(ctx, path, source, like, expected?.size);
      if (expected) checkDigest(expected, found);
      await claim(found);
      if (!(await this.info(ctx, found))) await this.#layout.place(found, path);
      return await this.#existing(ctx, found);
    } catch (error) {
      throw diskError(error, `cannot write ${path}`);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Returns the digest of what was written. */
  async #writeFile(
    ctx: Ctx,
    path: string,
    source: AsyncIterable<Uint8Array>,
    like: Digest,
    size?: number,
  ): Promise<Digest> {
    const hash = hashLike(like);
    let written = 0;
    await using file = await open(path, 'wx', 0o600);
    for await (const chunk of source) {
      checkCancelled(ctx);
      written += chunk.byteLength;
      if (size !== undefined && written > size) {
        throw new EngineError('data-loss', `${like}: more than its ${size} bytes came`);
      }
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    if (size !== undefined) checkSize({ digest: like, size }, written);
    return digestLike(like, hash);
  }

  async put(ctx: Ctx, bytes: string | Uint8Array): Promise<ContentInfo> {
    return this.write(
      ctx,
      (async function* () {
        yield Buffer.from(bytes);
      })(),
    );
  }

  async delete(_ctx: Ctx, digest: Digest): Promise<boolean> {
    try {
      await rm(this.pathOf(digest));
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw diskError(error, `cannot delete ${digest}`);
    }
  }

  async *walk(ctx: Ctx): AsyncGenerator<ContentInfo> {
    for await (const digest of this.#layout.digests()) {
      checkCancelled(ctx);
      const info = await this.info(ctx, digest);
      if (info) yield info;
    }
  }

  async ingests(_ctx: Ctx): Promise<IngestInfo[]> {
    const found: IngestInfo[] = [];
    for (const name of await readdir(this.#layout.ingestDir)) {
      const path = join(this.#layout.ingestDir, name);
      const info = await fileInfo(path);
      if (info) found.push({ path, ...info, active: this.#downloads.isActive(path) });
    }
    return found;
  }

  async forgetIngest(_ctx: Ctx, digest: Digest): Promise<void> {
    await this.#downloads.forget(digest);
  }

  async expireIngests(ctx: Ctx, maxAgeMs: number): Promise<number> {
    const oldest = Date.now() - maxAgeMs;
    let freed = 0;
    for (const { path, size, modifiedAt } of await this.ingests(ctx)) {
      const digest = this.#layout.digestOfIngest(basename(path));
      if (digest && modifiedAt <= oldest && (await this.#downloads.forget(digest))) freed += size;
    }
    return freed;
  }
}

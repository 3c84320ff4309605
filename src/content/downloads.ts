import { rm } from 'node:fs/promises';
import type { Ctx } from '../base/ctx.ts';
import { checkCancelled } from '../base/ctx.ts';
import { KeyedLock } from '../base/keyed-lock.ts';
import type { Digest } from '../formats/digest.ts';
import type { BlobRef, BlobSource, ContentInfo, Download } from './content.ts';
import { checkDigest, checkSize, hashFile } from './hash.ts';
import { type ContentLayout, fileInfo } from './layout.ts';
import { SharedDownload } from './shared-download.ts';

/**
 * The transfers under way, by digest:
 *
 *     download ─▶ growing ─▶ whole ─▶ committed (linked under blobs/) ─▶ last one leaves: ingest name removed
 *                    │          └───▶ digest wrong: bytes removed
 *                    └─ failed, or last one leaves: bytes kept for the next download
 */
export class Downloads {
  readonly #layout: ContentLayout;
  readonly #shared = new Map<Digest, SharedDownload>();
  readonly #lock = new KeyedLock();

  constructor(layout: ContentLayout) {
    this.#layout = layout;
  }

  isActive(path: string): boolean {
    return [...this.#shared.values()].some((shared) => shared.path === path);
  }

  async download(ctx: Ctx, blob: BlobRef, source: BlobSource): Promise<Download> {
    checkCancelled(ctx);
    return this.#lock.run(blob.digest, async () => {
      const present = await this.#present(blob);
      if (present) return storedDownload(blob, this.#layout.blob(blob.digest), present);
      const shared = await this.#share(ctx, blob, source);
      checkSize(blob, shared.blob.size);
      return this.#participate(ctx, blob, shared);
    });
  }

  /** Deletes the bytes of a transfer that has ended; one that everybody has left is waited for. False while it runs. */
  async forget(digest: Digest): Promise<boolean> {
    return this.#lock.run(digest, async () => {
      const running = this.#shared.get(digest);
      if (running && !running.deserted) return false;
      await running?.whole.catch(() => {});
      await rm(this.#layout.ingest(digest), { force: true });
      return true;
    });
  }

  async #present(blob: BlobRef): Promise<ContentInfo | undefined> {
    const found = await fileInfo(this.#layout.blob(blob.digest));
    return found && { digest: blob.digest, ...found };
  }

  /** The running transfer of `blob`, or a new one. A deserted one still holds the file: its end is awaited. */
  async #share(ctx: Ctx, blob: BlobRef, source: BlobSource): Promise<SharedDownload> {
    const running = this.#shared.get(blob.digest);
    if (running && !running.deserted) return running;
    await running?.whole.catch(() => {});
    const path = this.#layout.ingest(blob.digest);
    const shared = new SharedDownload(ctx, blob, path, source, () => this.#forgetWhenEnded(shared));
    this.#shared.set(blob.digest, shared);
    shared.whole.catch(() => this.#forget(shared));
    return shared;
  }

  #participate(ctx: Ctx, blob: BlobRef, shared: SharedDownload): Download {
    const { whole, leave } = shared.join(ctx);
    const commit = async (commitCtx: Ctx, proven?: Digest): Promise<ContentInfo> => {
      await whole;
      return this.#lock.run(blob.digest, () => this.#commit(commitCtx, shared, proven)).finally(leave);
    };
    return {
      ...blob,
      path: shared.path,
      whole,
      get received() {
        return shared.received;
      },
      get resumedFrom() {
        return shared.resumedFrom;
      },
      onGrowth: (listener) => shared.onGrowth(listener),
      commit,
    };
  }

  async #commit(ctx: Ctx, shared: SharedDownload, proven?: Digest): Promise<ContentInfo> {
    const { blob, path } = shared;
    const stored = await this.#present(blob);
    if (stored) return stored;
    const found = proven ?? (await hashFile(ctx, path, blob.digest));
    if (found !== blob.digest && this.#shared.get(blob.digest) === shared) {
      // Wrong bytes are of no use to anybody; another participant's later commit must not touch their successor.
      this.#forget(shared);
      await rm(path, { force: true });
    }
    checkDigest(blob, found);
    await this.#layout.place(blob.digest, path);
    return (await this.#present(blob)) ?? { digest: blob.digest, size: blob.size, modifiedAt: Date.now() };
  }

  #forgetWhenEnded(shared: SharedDownload): void {
    const end = async (): Promise<void> => {
      await shared.whole.catch(() => {});
      await this.#lock.run(shared.blob.digest, () => this.#dropSecondName(shared));
    };
    void end();
  }

  /** Once the blob has its own name and nobody opens the ingest file by path any more. */
  async #dropSecondName(shared: SharedDownload): Promise<void> {
    if (this.#shared.get(shared.blob.digest) !== shared) return;
    this.#forget(shared);
    if (await this.#present(shared.blob)) await rm(shared.path, { force: true });
  }

  #forget(shared: SharedDownload): void {
    if (this.#shared.get(shared.blob.digest) === shared) this.#shared.delete(shared.blob.digest);
  }
}

/** The download of a blob that is here already. */
function storedDownload(blob: BlobRef, path: string, info: ContentInfo): Download {
  checkSize(blob, info.size);
  return {
    ...blob,
    path,
    received: blob.size,
    resumedFrom: blob.size,
    onGrowth: () => () => {},
    whole: Promise.resolve(),
    commit: () => Promise.resolve(info),
  };
}

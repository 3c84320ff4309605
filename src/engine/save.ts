import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { Digest } from '../formats/digest.ts';
import type { Platform } from '../formats/platform.ts';
import { BLANK_ENTRY, type TarEntry } from '../formats/tar-entry.ts';
import { type TarInput, writeTar } from '../formats/tar-stream.ts';
import { archiveDocuments, type SavedImage } from '../images/archive-documents.ts';
import { layoutBlob } from '../images/oci-layout.ts';
import type { ImagesDeps } from './images-deps.ts';
import { imageEvent } from './images-events.ts';
import { withHoldings } from './images-holdings.ts';
import { imagesToSave } from './images-save.ts';

/**
 * `docker save`: hands `write` an archive of images that is a Docker archive (for dockerd since 1.10) and an OCI image
 * layout at once. Blobs go as they are stored, so that digests survive; the same images always give the same bytes.
 * Errors, all before `write` is called: `not-found`, `invalid` (a name, none).
 */
export async function saveImages(
  ctx: Ctx,
  deps: ImagesDeps,
  request: { readonly images: readonly string[]; readonly platform?: Platform },
  write: (archive: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  if (request.images.length === 0) throw new EngineError('invalid', 'no images to save');
  await withHoldings(ctx, deps, 'drop', async (held) => {
    const images = await imagesToSave(ctx, deps, held, request.images, request.platform);
    await write(writeTar(members(ctx, deps, images)));
    for (const { id } of images) imageEvent(deps, 'save', id, id);
  });
}

/** Directories, blobs and documents, in the order of their names. */
async function* members(ctx: Ctx, deps: ImagesDeps, images: readonly SavedImage[]): AsyncGenerator<TarInput> {
  yield { entry: entryOf('blobs/', 'directory', 0) };
  yield { entry: entryOf('blobs/sha256/', 'directory', 0) };
  const blobs = new Map<string, { digest: Digest; size: number }>();
  for (const { config, manifest, layers } of images) {
    for (const blob of [config, manifest, ...layers]) blobs.set(layoutBlob(blob.digest), blob);
  }
  for (const [name, blob] of [...blobs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield { entry: entryOf(name, 'file', blob.size), data: await deps.content.open(ctx, blob) };
  }
  for (const [name, text] of archiveDocuments(images)) {
    const bytes = Buffer.from(text);
    yield { entry: entryOf(name, 'file', bytes.length), data: [bytes] };
  }
}

function entryOf(name: string, type: 'file' | 'directory', size: number): TarEntry {
  return { ...BLANK_ENTRY, name, type, mode: type === 'file' ? 0o644 : 0o755, size };
}

import type { Ctx } from '../base/ctx.ts';
import { KeyedLock } from '../base/keyed-lock.ts';
import type { ContentIngester, ContentManager, ContentProvider } from '../content/content.ts';
import type { Registries } from '../distribution/registries.ts';
import type { ChainId, Digest, ImageId } from '../formats/digest.ts';
import type { ImageUser } from '../images/removal.ts';
import type { DeferredFact, UnpackJob, UnpackResult } from '../layers/unpack-job.ts';
import type { Snapshotter } from '../snapshots/snapshotter.ts';
import { Leases } from '../store/leases.ts';
import type { Store } from '../store/store.ts';
import type { EventBus } from './event-bus.ts';
import type { LayerProgress } from './images-progress.ts';
import { Arrivals, SharedTasks } from './images-shared.ts';

/** What the image use cases work with: a part of the engine. */
export interface ImagesDeps extends ImagesParts {
  /** Blobs and layers that running operations need although no record names them yet. */
  readonly leases: { readonly blobs: Leases<Digest>; readonly layers: Leases<ChainId> };
  /** Layers being brought in, by chain ID, shared by all operations that need them. */
  readonly layerTasks: SharedTasks<void, LayerProgress>;
  /** Announces layers that are registered, by chain ID. */
  readonly arrivals: Arrivals;
  /** Held, by chain ID or blob digest, while something is registered or deleted under that name. */
  readonly locks: KeyedLock;
}

/** What the daemon puts together. */
export interface ImagesParts {
  readonly store: Store;
  readonly content: ContentProvider & ContentIngester & ContentManager;
  readonly snapshots: Snapshotter;
  readonly registries: Registries;
  readonly events: EventBus;
  /** Runs an unpack job in a worker. */
  unpack(ctx: Ctx, job: UnpackJob): Promise<UnpackResult>;
  /** Settles in `dir` what unpacking could not decide without `lowerDirs` (the uppermost first). */
  settle(
    ctx: Ctx,
    dir: string,
    deferred: readonly DeferredFact[],
    lowerDirs: readonly string[],
  ): Promise<void>;
  /** Directory for archives on their way in: on the disk of the data, emptied when the daemon starts. */
  readonly spoolDir: string;
  /** Containers made from an image. */
  usersOf(id: ImageId): readonly ImageUser[];
  /** Layers that something else than an image record keeps (build caches). */
  heldLayers(): Iterable<ChainId>;
}

export function imagesDeps(parts: ImagesParts): ImagesDeps {
  return {
    ...parts,
    leases: { blobs: new Leases(), layers: new Leases() },
    layerTasks: new SharedTasks(),
    arrivals: new Arrivals(),
    locks: new KeyedLock(),
  };
}

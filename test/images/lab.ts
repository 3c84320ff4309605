import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backgroundCtx, type Ctx } from '../../src/base/ctx.ts';
import { createLog } from '../../src/base/log.ts';
import { ContentStore } from '../../src/content/content-store.ts';
import { Registries } from '../../src/distribution/registries.ts';
import { EventBus } from '../../src/engine/event-bus.ts';
import { reconcileImages } from '../../src/engine/gc.ts';
import { type ImagesDeps, imagesDeps } from '../../src/engine/images-deps.ts';
import type { Progress } from '../../src/engine/images-progress.ts';
import type { ChainId, ImageId } from '../../src/formats/digest.ts';
import type { ImageUser } from '../../src/images/removal.ts';
import { settle } from '../../src/layers/settle.ts';
import { UnpackPool } from '../../src/layers/unpack-pool.ts';
import { OverlaySnapshotter } from '../../src/snapshots/overlay.ts';
import { openStore } from '../../src/store/open.ts';

/** The image half of an engine on a directory of its own. */
export interface ImageLab extends AsyncDisposable {
  readonly deps: ImagesDeps;
  readonly ctx: Ctx;
  readonly root: string;
  readonly snapshots: OverlaySnapshotter;
  /** Containers that the tests pretend to have. */
  readonly users: Map<ImageId, ImageUser[]>;
  readonly held: Set<ChainId>;
}

/** Opens (and reconciles) an engine's images under `root`, as the daemon does when it starts. Disposing removes them unless `keep`. */
export async function openLab(
  registries = new Registries(),
  root: string = mkdtempSync(join(tmpdir(), 'gantry-images-')),
  options: { keep: boolean } = { keep: false },
): Promise<ImageLab> {
  const log = createLog(
    () => 'warn',
    (line) => process.stderr.write(line),
  );
  const store = await openStore(join(root, 'meta'), log);
  const snapshots = new OverlaySnapshotter(join(root, 'snapshots'), store, log);
  const pool = new UnpackPool({ idleMs: 100 });
  const users = new Map<ImageId, ImageUser[]>();
  const held = new Set<ChainId>();
  const deps = imagesDeps({
    store,
    content: await ContentStore.open(join(root, 'content')),
    snapshots,
    registries,
    events: new EventBus(),
    unpack: (ctx, job) => pool.run(ctx, job),
    settle,
    spoolDir: join(root, 'tmp'),
    usersOf: (id) => users.get(id) ?? [],
    heldLayers: () => held,
  });
  const ctx = backgroundCtx(log);
  await reconcileImages(ctx, deps);
  return {
    deps,
    ctx,
    root,
    snapshots,
    users,
    held,
    [Symbol.asyncDispose]: async () => {
      await snapshots.drained();
      await pool.close();
      await store.close();
      registries.close();
      if (!options.keep) rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Gathers what an operation reports. */
export function recorder(): { report: (progress: Progress) => void; lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    report: (progress) => {
      lines.push(progress.kind === 'text' ? progress.text : `${progress.id ?? ''}: ${progress.status}`);
    },
  };
}

/** What lies under a lab's root that grows and shrinks with images. */
export function leftovers({ root }: ImageLab): {
  blobs: string[];
  ingests: string[];
  snapshots: string[];
  spool: string[];
} {
  const list = (dir: string): string[] => readdirSync(join(root, dir)).sort();
  return {
    blobs: list('content/blobs/sha256'),
    ingests: list('content/ingest'),
    snapshots: list('snapshots'),
    spool: list('tmp'),
  };
}

import { join } from 'node:path';
import type { Ctx } from '../base/ctx.ts';
import { isAlive } from '../containers/state.ts';
import type { ContainerTable } from '../containers/table.ts';
import { Registries } from '../distribution/registries.ts';
import { proxyConfigFromEnv } from '../distribution/registry-config.ts';
import type { ImageId } from '../formats/digest.ts';
import type { ImageUser } from '../images/removal.ts';
import { settle } from '../layers/settle.ts';
import { UnpackPool } from '../layers/unpack-pool.ts';
import type { DaemonConfig } from './daemon-config.ts';
import type { Engine } from './engine.ts';
import { type ImagesDeps, imagesDeps } from './images-deps.ts';
import { openContainers } from './open-containers.ts';
import { VERSION } from './version.ts';

/** An engine ready for {@link file://./reconcile.ts}, and its image half. */
export interface OpenedEngine {
  readonly engine: Engine;
  readonly images: ImagesDeps;
  /** Finishes what is being written. Containers go on. */
  close(): Promise<void>;
}

/** Puts the engine together over `config`'s roots, which exist and belong to this process alone. */
export async function openEngine(ctx: Ctx, config: DaemonConfig, shimPath: string): Promise<OpenedEngine> {
  const { engine, content, close } = await openContainers(ctx, config, shimPath);
  const registries = registriesOf(config);
  const pool = new UnpackPool();
  const images = imagesDeps({
    store: engine.store,
    content,
    snapshots: engine.snapshots,
    registries,
    events: engine.events,
    unpack: (own, job) => pool.run(own, job),
    settle,
    spoolDir: join(config.dataRoot, 'tmp'),
    usersOf: (id) => usersOf(engine.containers, id),
    heldLayers: () => [],
  });
  const closeAll = async (): Promise<void> => {
    registries.close();
    await pool.close();
    await close();
  };
  return { engine, images, close: closeAll };
}

function registriesOf(config: DaemonConfig): Registries {
  return new Registries({
    mirrors: config.registryMirrors,
    insecure: config.insecureRegistries,
    maxConcurrentDownloads: config.maxConcurrentDownloads,
    maxDownloadAttempts: config.maxDownloadAttempts,
    userAgent: `Gantry/${VERSION}`,
    proxy: proxyConfigFromEnv(process.env),
  });
}

/** Containers made from an image. */
function usersOf(containers: ContainerTable, id: ImageId): ImageUser[] {
  return containers
    .all()
    .filter((record) => record.imageId === id)
    .map((record) => ({ containerId: record.id, running: isAlive(record.state) }));
}

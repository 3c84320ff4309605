import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../base/ctx.ts';
import { KeyedLock } from '../base/keyed-lock.ts';
import { ExecTable } from '../containers/exec.ts';
import { isAlive } from '../containers/state.ts';
import { ContainerTable } from '../containers/table.ts';
import { Waiters } from '../containers/waiters.ts';
import { ContentStore } from '../content/content-store.ts';
import { Registries } from '../distribution/registries.ts';
import type { ImageId } from '../formats/digest.ts';
import type { ImageUser } from '../images/removal.ts';
import { openShimImage } from '../kernel/shim-image.ts';
import { settle } from '../layers/settle.ts';
import { UnpackPool } from '../layers/unpack-pool.ts';
import { hostLookups } from '../runtime/look-up-host.ts';
import { OverlaySnapshotter } from '../snapshots/overlay.ts';
import { openStore } from '../store/open.ts';
import { Attachments } from './attachments.ts';
import type { DaemonConfig } from './daemon-config.ts';
import type { Engine } from './engine.ts';
import { engineId } from './engine-id.ts';
import { EventBus } from './event-bus.ts';
import { readHostInfo } from './host-info.ts';
import { type ImagesDeps, imagesDeps } from './images-deps.ts';
import { enginePaths } from './paths.ts';
import { restartByPolicy } from './restart-by-policy.ts';
import { Restarts } from './restarts.ts';
import { seccompDefault } from './seccomp-default.ts';
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
  const { dataRoot, execRoot } = config;
  const paths = enginePaths(dataRoot, execRoot);
  mkdirSync(paths.containers, { recursive: true, mode: 0o710 });
  mkdirSync(paths.runs, { recursive: true, mode: 0o711 });
  const store = await openStore(join(dataRoot, 'meta'), ctx.log);
  const content = await ContentStore.open(join(dataRoot, 'content'));
  const snapshots = new OverlaySnapshotter(join(dataRoot, 'snapshots'), store, ctx.log);
  const containers = new ContainerTable(store);
  const events = new EventBus();
  const registries = registriesOf(config);
  const pool = new UnpackPool();
  const images = imagesDeps({
    store,
    content,
    snapshots,
    registries,
    events,
    unpack: (own, job) => pool.run(own, job),
    settle,
    spoolDir: emptied(join(dataRoot, 'tmp')),
    usersOf: (id) => usersOf(containers, id),
    heldLayers: () => [],
  });
  const host = readHostInfo();
  const engine: Engine = {
    id: await engineId(dataRoot),
    config,
    log: ctx.log,
    paths,
    host,
    specHost: {
      facts: host,
      lookups: hostLookups,
      seccompProfile: seccompDefault(config.seccompProfile),
    },
    launcher: { facts: host, shim: openShimImage(shimPath) },
    store,
    content,
    snapshots,
    containers,
    runs: new Map(),
    restarts: new Restarts((id) => restartByPolicy(engine, id)),
    attachments: new Attachments(),
    execs: new ExecTable(),
    waiters: new Waiters(),
    locks: new KeyedLock(),
    events,
  };
  const close = async (): Promise<void> => {
    engine.restarts.close();
    registries.close();
    await pool.close();
    await store.close();
  };
  return { engine, images, close };
}

function registriesOf(config: DaemonConfig): Registries {
  const proxy = {
    http: process.env['HTTP_PROXY'] ?? process.env['http_proxy'],
    https: process.env['HTTPS_PROXY'] ?? process.env['https_proxy'],
    no: process.env['NO_PROXY'] ?? process.env['no_proxy'],
  };
  return new Registries({
    mirrors: config.registryMirrors,
    insecure: config.insecureRegistries,
    maxConcurrentDownloads: config.maxConcurrentDownloads,
    maxDownloadAttempts: config.maxDownloadAttempts,
    userAgent: `Gantry/${VERSION}`,
    proxy: Object.fromEntries(Object.entries(proxy).filter(([, url]) => url)),
  });
}

/** Containers made from an image. */
function usersOf(containers: ContainerTable, id: ImageId): ImageUser[] {
  return containers
    .all()
    .filter((record) => record.imageId === id)
    .map((record) => ({ containerId: record.id, running: isAlive(record.state) }));
}

/** A directory for what does not outlive the daemon. */
function emptied(dir: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true, force: true });
  return dir;
}

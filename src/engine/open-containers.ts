import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../base/ctx.ts';
import { KeyedLock } from '../base/keyed-lock.ts';
import { ExecTable } from '../containers/exec.ts';
import { ContainerTable } from '../containers/table.ts';
import { Waiters } from '../containers/waiters.ts';
import { ContentStore } from '../content/content-store.ts';
import { openShimImage } from '../kernel/shim-image.ts';
import { hostLookups } from '../runtime/look-up-host.ts';
import { CopySnapshotter } from '../snapshots/copy.ts';
import { OverlaySnapshotter } from '../snapshots/overlay.ts';
import { openStore } from '../store/open.ts';
import { Attachments } from './attachments.ts';
import type { DaemonConfig } from './daemon-config.ts';
import type { Engine } from './engine.ts';
import { engineId } from './engine-id.ts';
import { EventBus } from './event-bus.ts';
import { readHostInfo } from './host-info.ts';
import { enginePaths } from './paths.ts';
import { restartByPolicy } from './restart-by-policy.ts';
import { Restarts } from './restarts.ts';
import { seccompDefault } from './seccomp-default.ts';

/** The container half of the engine, ready for {@link file://./reconcile.ts}. */
export interface OpenedContainers {
  readonly engine: Engine;
  readonly content: ContentStore;
  /** Finishes what is being written. Containers go on. */
  close(): Promise<void>;
}

/** Opens what containers need over `config`'s roots, which exist and belong to this process alone. */
export async function openContainers(
  ctx: Ctx,
  config: DaemonConfig,
  shimPath: string,
): Promise<OpenedContainers> {
  const { dataRoot, execRoot } = config;
  const paths = enginePaths(dataRoot, execRoot);
  mkdirSync(paths.containers, { recursive: true, mode: 0o710 });
  mkdirSync(paths.runs, { recursive: true, mode: 0o711 });
  const store = await openStore(join(dataRoot, 'meta'), ctx.log);
  const content = await ContentStore.open(join(dataRoot, 'content'));
  const Snapshots = config.snapshotter === 'overlay' ? OverlaySnapshotter : CopySnapshotter;
  const snapshots = new Snapshots(join(dataRoot, 'snapshots'), store, ctx.log);
  const host = readHostInfo();
  const seccompProfile = seccompDefault(config.seccompProfile);
  const engine: Engine = {
    id: await engineId(dataRoot),
    config,
    log: ctx.log,
    paths,
    host,
    specHost: { facts: host, lookups: hostLookups, seccompProfile },
    launcher: { facts: host, shim: openShimImage(shimPath) },
    store,
    content,
    snapshots,
    containers: new ContainerTable(store),
    runs: new Map(),
    restarts: new Restarts((id) => restartByPolicy(engine, id)),
    attachments: new Attachments(),
    execs: new ExecTable(),
    waiters: new Waiters(),
    locks: new KeyedLock(),
    events: new EventBus(),
  };
  const close = async (): Promise<void> => {
    engine.restarts.close();
    engine.launcher.shim[Symbol.dispose]();
    await snapshots.drained();
    await store.close();
  };
  return { engine, content, close };
}

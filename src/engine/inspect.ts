import type { Ctx } from '../base/ctx.ts';
import { checkLogConfig } from '../containers/check-log.ts';
import type { ContainerRecord } from '../containers/record.ts';
import { IMAGES } from '../images/image-record.ts';
import type { Engine } from './engine.ts';
import { containerPaths } from './paths.ts';

export interface ContainerInspection {
  readonly record: ContainerRecord;
  /** IDs of execs that have not ended. */
  readonly execIds: readonly string[];
  readonly paths: {
    readonly hostname: string;
    readonly hosts: string;
    readonly resolvConf: string;
    /** Empty with the log driver `none`. */
    readonly log: string;
  };
  readonly storageDriver: string;
  /** GraphDriver.Data. */
  readonly storageData: Readonly<Record<string, string>>;
  /** Bytes; only when asked for. */
  readonly sizes?: ContainerSizes;
}

export interface ContainerSizes {
  /** Of the writable layer. */
  readonly rw: number;
  /** Of image and writable layer together. */
  readonly rootFs: number;
}

/** Errors: `not-found`. */
export async function inspectContainer(
  ctx: Ctx,
  engine: Engine,
  ref: string,
  size: boolean,
): Promise<ContainerInspection> {
  const record = engine.containers.resolve(ref);
  const { hostname, hosts, resolvConf, log } = containerPaths(engine.paths, record.id);
  const { driver } = checkLogConfig(record.hostConfig.logConfig);
  return {
    record,
    execIds: engine.execs.runningIn(record.id).map(({ id }) => id),
    paths: { hostname, hosts, resolvConf, log: driver === 'none' ? '' : log },
    storageDriver: STORAGE_NAMES[engine.config.snapshotter],
    storageData: storageData(engine, record),
    ...(size && { sizes: await containerSizes(ctx, engine, record) }),
  };
}

/** Docker's names of what the snapshotters are. */
export const STORAGE_NAMES = { overlay: 'overlay2', copy: 'vfs' } as const;

function storageData(engine: Engine, { id }: ContainerRecord): Record<string, string> {
  if (!engine.snapshots.stat(id)) return {};
  const mounts = engine.snapshots.mounts(id);
  if (mounts.kind === 'bind') return {};
  return {
    LowerDir: mounts.lower.join(':'),
    UpperDir: mounts.upper ?? '',
    WorkDir: mounts.work ?? '',
  };
}

/** Disk use of a container, in bytes. */
export async function containerSizes(
  ctx: Ctx,
  engine: Engine,
  record: ContainerRecord,
): Promise<ContainerSizes> {
  const { bytes } = await engine.snapshots.usage(ctx, record.id);
  const image = engine.store.get(IMAGES, record.imageId)?.size ?? 0;
  return { rw: bytes, rootFs: image + bytes };
}

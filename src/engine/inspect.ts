import type { Ctx } from '../base/ctx.ts';
import type { ContainerRecord } from '../containers/record.ts';
import type { Engine } from './engine.ts';

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
  _ctx: Ctx,
  _engine: Engine,
  _ref: string,
  _size: boolean,
): Promise<ContainerInspection> {
  throw new Error('pending');
}

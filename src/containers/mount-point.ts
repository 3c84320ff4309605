import type { BindOptions, TmpfsOptions } from './host-config.ts';

/** A mount of a container, settled: what `inspect` lists under Mounts and what start hands to the runtime. */
export type MountPoint =
  | {
      readonly type: 'bind';
      /** Absolute path on the host. */
      readonly source: string;
      readonly destination: string;
      /** The options of `-v` as typed, without the access mode's default. */
      readonly mode: string;
      readonly rw: boolean;
      readonly bind: BindOptions;
    }
  | {
      readonly type: 'tmpfs';
      readonly destination: string;
      readonly mode: string;
      readonly rw: boolean;
      /** Mount options as typed for `--tmpfs`. */
      readonly options: readonly string[];
      readonly tmpfs: TmpfsOptions;
    };

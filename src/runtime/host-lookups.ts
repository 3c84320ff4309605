/** A device node of the host. */
export interface HostDevice {
  readonly path: string;
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The mount of the host that a path lies on. */
export interface HostMount {
  readonly mountPoint: string;
  readonly shared: boolean;
  readonly slave: boolean;
}

/** What making a spec has to ask of the host's file system; {@link file://./look-up-host.ts} answers on a real one. */
export interface HostLookups {
  /**
   * The device at `path` (symbolic links into /dev followed), or all below it when it is a directory, their paths beginning
   * with `path`. Throws `invalid` in Docker's words when there is none.
   */
  devicesAt(path: string): readonly HostDevice[];
  /** Every device of /dev that a privileged container gets. */
  allDevices(): readonly HostDevice[];
  mountOf(path: string): HostMount;
}

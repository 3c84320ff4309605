/**
 * A seccomp profile in Docker's format: rules with conditions on the machine and on the container's capabilities. Resolved
 * for one container by {@link file://./resolve.ts}; the result, OCI's `linux.seccomp`, has no conditions left.
 */
export interface Profile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly archMap?: readonly ArchMapEntry[];
  readonly flags?: readonly string[];
  readonly syscalls: readonly ProfileRule[];
}

export interface ArchMapEntry {
  readonly architecture: string;
  readonly subArchitectures: readonly string[];
}

export interface ProfileRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  /** All must hold; two on one argument are two rules. */
  readonly args?: readonly ProfileArg[];
  /** The rule counts only where all of this holds … */
  readonly includes?: Conditions;
  /** … and none of this. */
  readonly excludes?: Conditions;
}

export interface ProfileArg {
  readonly index: number;
  /** Compared with the argument; for `SCMP_CMP_MASKED_EQ` the mask. Unsigned, 64 bits. */
  readonly value: number | bigint;
  /** For `SCMP_CMP_MASKED_EQ`: what the masked argument has to be. */
  readonly valueTwo?: number | bigint;
  readonly op: string;
}

export interface Conditions {
  /** Capabilities in the container's bounding set. */
  readonly caps?: readonly string[];
  /** `amd64`, `arm64`, …: the architecture of the host. */
  readonly arches?: readonly string[];
  /** `4.8`: the host's kernel is this or newer. */
  readonly minKernel?: string;
}

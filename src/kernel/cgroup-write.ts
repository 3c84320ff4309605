/** A value for a control file, in the directory of a container's cgroup. */
export interface FileValue {
  readonly file: string;
  readonly value: string;
}

/**
 * One step of carrying out limits. `controller` names the tree the file lies in (v1) or the controller that has to be
 * enabled for it (v2).
 */
export interface CgroupWrite extends FileValue {
  readonly controller: string;
  /** Written instead where the kernel has no `file`. */
  readonly otherwise?: FileValue;
}

/** Collects the writes of one controller, leaving out what is not set. */
export function writesOf(
  controller: string,
  values: readonly (readonly [file: string, value: string | number | undefined])[],
): CgroupWrite[] {
  return values.flatMap(([file, value]) =>
    value === undefined ? [] : [{ controller, file, value: String(value) }],
  );
}

/** Docker's API and OCI leave numbers at 0 when they mean "not set". */
export function unlessZero(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value;
}

import type { Cgroup } from '../kernel/cgroup.ts';
import type { Spec } from './spec.ts';

/** What a container is run from, as a snapshotter describes it. */
export type Rootfs =
  | {
      readonly kind: 'overlay';
      /** Directory that `lowerNames` are relative to. */
      readonly base: string;
      /** Top first. */
      readonly lowerNames: readonly string[];
      /** Absolute; absent, with `work`, for a read-only root. */
      readonly upper?: string;
      readonly work?: string;
    }
  | { readonly kind: 'bind'; readonly dir: string; readonly readOnly: boolean };

/** What compiling a spec needs besides it. */
export interface CompileContext {
  readonly id: string;
  /** Directory of config.json. */
  readonly bundle: string;
  readonly rootfs: Rootfs;
  /** Existing directory on which an overlay is attached until the container pivots into it. */
  readonly attachAt: string;
  readonly cgroup: Cgroup;
  readonly arch: 'amd64' | 'arm64';
}

/** True when the container makes (or, with a path, joins) a namespace of this type of its own. */
export function hasNamespace(spec: Spec, type: string): boolean {
  return namespaceOf(spec, type) !== undefined;
}

/** True when the container makes a namespace of this type. */
export function makesNamespace(spec: Spec, type: string): boolean {
  const namespace = namespaceOf(spec, type);
  return namespace !== undefined && !namespace.path;
}

function namespaceOf(spec: Spec, type: string) {
  return spec.linux?.namespaces?.find((namespace) => namespace.type === type);
}

import type { RlimitName } from '../formats/rlimits.ts';

/**
 * What a shim can be told to do. The daemon compiles an OCI config into two lists of these operations, and
 * `gantry-shim` carries them out one after the other, in the order given, without adding policy or defaults:
 *
 *     create program   in the new process, from its first instruction to the barrier (CREATED)
 *     process program  from the barrier to `execve`; `exec` sends only this one, the shim having joined the container
 *
 * Until {@link PivotRoot}, a `target` is a path inside the new root (`/proc`, `/etc/hosts`; symlinks are resolved as if
 * the root were `/`, and cannot lead out of it), and a `source` is a path of the host. Missing targets are made.
 *
 * An order of the create program that works:
 * userNamespace, cgroup, joinNamespace…, newNamespaces, propagation, rootOverlay | rootBind, mounts in OCI order with
 * their mkdir/mknod/symlink/tty, hostname, domainname, loopback, sysctl, hooks createRuntime, hooks createContainer,
 * mask, readonlyPath, mountAttributes `/` (read-only root), pivotRoot. Of the process program: tty (exec only),
 * stdioOwner, keyring, apparmor, rlimit, oomScoreAdj, hooks startContainer, cwd, identity, umask, noNewPrivileges,
 * seccomp, capabilities, exec.
 */
export type CreateOp =
  | UserNamespace
  | Cgroup
  | JoinNamespace
  | NewNamespaces
  | Propagation
  | RootOverlay
  | RootBind
  | Mount
  | Bind
  | MountAttributes
  | Mask
  | ReadonlyPath
  | Mkdir
  | Mkfile
  | Mknod
  | Symlink
  | Sysctl
  | PivotRoot
  | Hostname
  | Domainname
  | Loopback
  | Tty
  | Hook;

export type ProcessOp =
  | Tty
  | StdioOwner
  | Rlimit
  | OomScoreAdj
  | Keyring
  | Apparmor
  | Personality
  | Umask
  | Cwd
  | Identity
  | NoNewPrivileges
  | Seccomp
  | Capabilities
  | Hook
  | Exec;

export type Op = CreateOp | ProcessOp;

export type NamespaceType = 'mount' | 'uts' | 'ipc' | 'net' | 'pid' | 'cgroup' | 'user';

/** Attributes of a mount that can be set or cleared (mount_setattr(2)). The last three are the access time's modes. */
export type MountAttr =
  | 'ro'
  | 'nosuid'
  | 'nodev'
  | 'noexec'
  | 'nodiratime'
  | 'nosymfollow'
  | 'relatime'
  | 'noatime'
  | 'strictatime';

export type PropagationType = 'private' | 'slave' | 'shared' | 'unbindable';

/** A range of ids: `size` ids from `container` inside are those from `host` outside (user_namespaces(7)). */
export interface IdMapping {
  readonly container: number;
  readonly host: number;
  readonly size: number;
}

/** Run in a new user namespace with these maps. First of all operations, at most once. */
export interface UserNamespace {
  readonly op: 'userNamespace';
  readonly uidMap: readonly IdMapping[];
  readonly gidMap: readonly IdMapping[];
}

/**
 * Enter control groups. `unified` is a cgroup v2 directory (entered at birth, CLONE_INTO_CGROUP), empty for none;
 * `legacy` are v1 directories. Before `newNamespaces` with `cgroup`, so that they become the roots of the new one.
 * When the init process exits without a pid namespace of its own, the shim kills whatever is left in the first of them.
 */
export interface Cgroup {
  readonly op: 'cgroup';
  readonly unified: string;
  readonly legacy: readonly string[];
}

/** Enter the namespace at `path` (`/proc/PID/ns/net`, a bind mount of one). `user` and `pid` cost one more fork. */
export interface JoinNamespace {
  readonly op: 'joinNamespace';
  readonly type: Exclude<NamespaceType, 'mount'>;
  readonly path: string;
}

/** Make new namespaces (`user` has its own operation). */
export interface NewNamespaces {
  readonly op: 'newNamespaces';
  readonly types: readonly Exclude<NamespaceType, 'user'>[];
}

/**
 * Propagation of every mount of the new mount namespace, before the root is made. `slave` unless there are shared binds:
 * `shared` is the same, but for these, which stay peers of their sources on the host.
 */
export interface Propagation {
  readonly op: 'propagation';
  readonly type: PropagationType;
}

/**
 * Mount an overlay as root. `lower` is ordered top first. `lower`, `upper` and `work` are relative to `dir`, without
 * comma, colon or backslash; all the options together fit one page (mount(2)), as 127 short names do.
 */
export interface RootOverlay {
  readonly op: 'rootOverlay';
  readonly dir: string;
  readonly lower: readonly string[];
  /** Empty, with `work`, for a read-only root. */
  readonly upper: string;
  readonly work: string;
  /** More options, such as `userxattr`, `volatile`, `metacopy=on`, `index=off`. */
  readonly options: readonly string[];
  /** Existing host directory on which the root is attached inside the container's mount namespace until it is pivoted to. */
  readonly at: string;
}

/** Use the directory `source`, with the mounts below it, as root. `at` as in {@link RootOverlay}; it may be `source`. */
export interface RootBind {
  readonly op: 'rootBind';
  readonly source: string;
  readonly at: string;
}

/**
 * Mount a new file system. `proc` and `sysfs` refuse a target reached through a symlink or lying on another mount than
 * the root (CVE-2019-16884, CVE-2019-19921, CVE-2023-27561).
 */
export interface Mount {
  readonly op: 'mount';
  /** `proc`, `sysfs`, `tmpfs`, `devpts`, `mqueue`, `cgroup`, `cgroup2`, … */
  readonly fstype: string;
  /** What mountinfo shows as source. */
  readonly source: string;
  readonly target: string;
  /** Options of the file system: `key=value` or `flag` (`mode=755`, `size=65536k`, `ro`). */
  readonly options: readonly string[];
  readonly attrs: readonly MountAttr[];
  readonly propagation?: PropagationType;
}

/**
 * Bind a host file or directory. A missing target becomes a directory or an empty file, as the source is. `set` and
 * `clear` change the topmost mount, or all below it too when `recursiveAttrs`.
 */
export interface Bind {
  readonly op: 'bind';
  readonly source: string;
  /** Path below `source`, resolved as if `source` were the root; empty for `source` itself (volume subpaths). */
  readonly subpath: string;
  readonly target: string;
  /** With all mounts below the source (rbind). */
  readonly recursive: boolean;
  readonly set: readonly MountAttr[];
  readonly clear: readonly MountAttr[];
  readonly recursiveAttrs: boolean;
  readonly propagation?: PropagationType;
  /** Propagation for the mounts below the source as well (rslave, rshared, rprivate). */
  readonly recursivePropagation: boolean;
}

/** Change the mount whose root `target` is (`/` is the container's root; after `pivotRoot` too). */
export interface MountAttributes {
  readonly op: 'mountAttributes';
  readonly target: string;
  readonly set: readonly MountAttr[];
  readonly clear: readonly MountAttr[];
  readonly propagation?: PropagationType;
  readonly recursive: boolean;
}

/**
 * Hide a path: a directory under an empty read-only tmpfs, anything else under a null device that was checked to be one
 * (CVE-2025-31133). A missing path is skipped.
 */
export interface Mask {
  readonly op: 'mask';
  readonly path: string;
}

/** Make a path and all mounts below it read-only. A missing path is skipped. */
export interface ReadonlyPath {
  readonly op: 'readonlyPath';
  readonly path: string;
}

/** Make a directory, and its parents with mode 0755 and owner 0:0. An existing directory is left as it is. */
export interface Mkdir {
  readonly op: 'mkdir';
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Make an empty file unless something is there already. */
export interface Mkfile {
  readonly op: 'mkfile';
  readonly path: string;
  readonly mode: number;
}

/** Make a device node or fifo. One of the same type, number and mode that is there already is given the owner. */
export interface Mknod {
  readonly op: 'mknod';
  readonly path: string;
  readonly type: 'c' | 'b' | 'p';
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Make a symlink; one that is there already must say the same. */
export interface Symlink {
  readonly op: 'symlink';
  readonly path: string;
  readonly to: string;
}

/** Write `/proc/sys/PATH`; before `pivotRoot`, through the host's procfs, which acts on the writer's namespaces. */
export interface Sysctl {
  readonly op: 'sysctl';
  /** `net/ipv4/ip_forward`. */
  readonly path: string;
  readonly value: string;
}

/** Make the root mount the root and let go of the host's. */
export interface PivotRoot {
  readonly op: 'pivotRoot';
}

export interface Hostname {
  readonly op: 'hostname';
  readonly name: string;
}

export interface Domainname {
  readonly op: 'domainname';
  readonly name: string;
}

/** Bring `lo` up. */
export interface Loopback {
  readonly op: 'loopback';
}

/**
 * Allocate the terminal from the container's `/dev/pts` and make it standard input, output and error. Required when
 * stdio is `tty`, and refused otherwise. In the create program after the mount of devpts; in that of an exec, first.
 */
export interface Tty {
  readonly op: 'tty';
  readonly rows: number;
  readonly columns: number;
  /** Bind it to `/dev/console` (create program only; CVE-2025-52565). */
  readonly console: boolean;
}

/**
 * Run a program of the OCI hooks. `state` with the pid between its halves is its standard input. In a create program:
 * - `createRuntime` (and OCI's older `prestart`): at this place of the list, in the host's namespaces
 * - `createContainer`: at this place, in the container's namespaces; before `pivotRoot`
 * - `poststart`: in the host's namespaces after exec, before STARTED; failures are counted in the exit record
 * - `poststop`: there, after everybody has been told of the exit; failures change nothing
 * In a process program: `startContainer`, inside the container. One of these, or of the first two kinds, that
 * fails or outlives `timeoutMs` (0: unlimited) fails the container.
 */
export interface Hook {
  readonly op: 'hook';
  readonly when: 'createRuntime' | 'createContainer' | 'startContainer' | 'poststart' | 'poststop';
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly timeoutMs: number;
  /** JSON of the state before and after the pid's digits: `['{"ociVersion":"1.2.0","pid":', ',"id":"…"}']`. */
  readonly state: readonly [before: string, after: string];
}

/** Give standard input, output and error to `uid`, so that `/dev/stdout` can be reopened. The null device is left alone. */
export interface StdioOwner {
  readonly op: 'stdioOwner';
  readonly uid: number;
}

export interface Rlimit {
  readonly op: 'rlimit';
  /** OCI's name: `RLIMIT_NOFILE`. */
  readonly resource: RlimitName;
  /** 2^64-1 is unlimited. */
  readonly soft: bigint;
  readonly hard: bigint;
}

export interface OomScoreAdj {
  readonly op: 'oomScoreAdj';
  /** -1000 … 1000. */
  readonly value: number;
}

/** Join a new session keyring of this name (keyrings(7)). Without effect on a kernel built without keys. */
export interface Keyring {
  readonly op: 'keyring';
  readonly name: string;
}

/** Change to this AppArmor profile at exec. */
export interface Apparmor {
  readonly op: 'apparmor';
  readonly profile: string;
}

/** personality(2), such as PER_LINUX32 = 8. */
export interface Personality {
  readonly op: 'personality';
  readonly persona: number;
}

export interface Umask {
  readonly op: 'umask';
  readonly mask: number;
}

/**
 * Working directory, resolved inside the root without magic links (CVE-2024-21626). If the user has to be changed first
 * to be allowed in, it is tried again just before exec.
 */
export interface Cwd {
  readonly op: 'cwd';
  readonly path: string;
}

/** Set the user, groups and supplementary groups. Capabilities stay as they are until {@link Capabilities}. */
export interface Identity {
  readonly op: 'identity';
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

export interface NoNewPrivileges {
  readonly op: 'noNewPrivileges';
}

/**
 * Install a seccomp filter. Needs `noNewPrivileges` before it, or CAP_SYS_ADMIN: so it comes before `capabilities`
 * without `noNewPrivileges`, and right before `exec` with it. What follows it must be allowed by the filter.
 */
export interface Seccomp {
  readonly op: 'seccomp';
  readonly flags: readonly ('tsync' | 'log' | 'specAllow')[];
  /** An array of `struct sock_filter`, 8 bytes each, in the machine's byte order. */
  readonly filter: Uint8Array;
}

/** Capability sets as bit masks, bit n for capability n; what is not in `bounding` is dropped from it. */
export interface Capabilities {
  readonly op: 'capabilities';
  readonly bounding: bigint;
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
}

/** Run the program; `argv[0]` without a slash is searched in the PATH of `env`. Last operation of a process program. */
export interface Exec {
  readonly op: 'exec';
  readonly argv: readonly [string, ...string[]];
  readonly env: readonly string[];
}

/**
 * The protocol between the engine and `gantry-shim`; native/src/ops.h says the same in C, and a test compares the two.
 *
 *     engine                              shim                                   init
 *       │── spawn, socket on fd 3 ────────▶ setsid, subreaper
 *       │── CREATE log, stdio, program ───▶ listens on RUN/c/ID/shim.sock
 *       │                                   clone3 into new namespaces ────────────▶ create program … barrier
 *       │◀─ CREATED pid ──────────────────  ◀──────────────────────────────────────  ready
 *       │── START program ────────────────▶ ───────────────────────────────────────▶ process program, execve
 *       │◀─ STARTED pid │ FAILED op,errno ─ ◀──────────────────────────────────────  end of file │ error
 *       │   both close fd 3; its end before STARTED means: the engine is gone, undo everything
 *
 *     client                              shim (shim.sock; requests may follow one another on a connection)
 *       │── STATE ────────────────────────▶ STATUS
 *       │── WAIT id ──────────────────────▶ EXIT, once it has ended
 *       │── RESIZE │ SIGNAL │ CLOSE_STDIN ▶ OK │ ERROR
 *       │── ATTACH flags ─────────────────▶ ATTACHED log position; then OUTPUT…, EXIT, end of file
 *       │── EXEC id, program ─────────────▶ STARTED pid │ FAILED │ ERROR; then OUTPUT…, EXIT, end of file
 *       │── STDIN… STDIN_EOF ─────────────▶ of an attached or executing connection
 *
 * Frame: `u8 type, u8 stream (of OUTPUT: 1 stdout, 2 stderr), u16 zero, u32 length`, payload; little endian.
 *
 * Payload fields: `u` u32 · `q` u64 · `s` string: u32 length, bytes, NUL (not counted) · `l` strings: u32 count, u32 length
 * of the rest, strings with NUL · `n` numbers: u32 count, u32 each · `b` bytes: u32 length, bytes · `*` raw payload.
 *
 * Program: u32 count, then per operation `u16 code, u16 zero, u32 length`, fields.
 */
export const MESSAGES = {
  CREATE: [1, 'susqussqb'],
  START: [2, 'b'],
  CREATED: [3, 'u'],
  STARTED: [4, 'u'],
  FAILED: [5, 'uuuus'],
  STATE: [16, ''],
  ATTACH: [17, 'u'],
  EXEC: [18, 'suslb'],
  RESIZE: [19, 'suu'],
  SIGNAL: [20, 'suu'],
  WAIT: [21, 's'],
  CLOSE_STDIN: [22, 's'],
  STDIN: [23, '*'],
  STDIN_EOF: [24, ''],
  OK: [32, ''],
  ERROR: [33, 'us'],
  STATUS: [34, 'uuq'],
  ATTACHED: [35, 'qq'],
  OUTPUT: [36, '*'],
  EXIT: [37, '*'],
} as const satisfies Record<string, readonly [number, string]>;

export type MessageName = keyof typeof MESSAGES;

/** Operation codes and their fields, keyed by the names of ops.h. */
export const OPS = {
  USER_NAMESPACE: [1, 'nn'],
  CGROUP: [2, 'sl'],
  JOIN_NAMESPACE: [3, 'us'],
  NEW_NAMESPACES: [4, 'u'],
  PROPAGATION: [5, 'u'],
  ROOT_OVERLAY: [6, 'slssls'],
  ROOT_BIND: [7, 'ss'],
  MOUNT: [8, 'sssluu'],
  BIND: [9, 'sssuuuu'],
  MOUNT_ATTRIBUTES: [10, 'suuuu'],
  MASK: [11, 's'],
  READONLY_PATH: [12, 's'],
  MKDIR: [13, 'suuu'],
  MKFILE: [14, 'su'],
  MKNOD: [15, 'suuuuu'],
  SYMLINK: [16, 'ss'],
  SYSCTL: [17, 'ss'],
  PIVOT_ROOT: [18, ''],
  HOSTNAME: [19, 's'],
  DOMAINNAME: [20, 's'],
  LOOPBACK: [21, ''],
  TTY: [22, 'uuu'],
  HOOK: [23, 'uslluss'],
  STDIO_OWNER: [32, 'u'],
  RLIMIT: [33, 'uqq'],
  OOM_SCORE_ADJ: [34, 'u'],
  KEYRING: [35, 's'],
  APPARMOR: [36, 's'],
  PERSONALITY: [37, 'u'],
  UMASK: [38, 'u'],
  CWD: [39, 's'],
  IDENTITY: [40, 'uun'],
  NO_NEW_PRIVILEGES: [41, ''],
  SECCOMP: [42, 'ub'],
  CAPABILITIES: [43, 'qqqqq'],
  EXEC: [44, 'll'],
} as const satisfies Record<string, readonly [number, string]>;

export type OpName = keyof typeof OPS;

export const FRAME_HEADER = 8;
/** Most that CREATE, START and EXEC carry. */
export const FRAME_MAX = 4194304;
/** Most that any other frame carries. */
export const CHUNK_MAX = 65536;
export const EXEC_ID_MAX = 128;

export const STDIO_TTY = 1;
export const STDIO_STDIN = 2;
export const STDIO_STDIN_ONCE = 4;
export const STDIO_OUTPUT = 8;

export const ATTACH_STDIN = 1;
export const ATTACH_STDOUT = 2;
export const ATTACH_STDERR = 4;
export const ATTACH_PENDING = 8;

export const BIND_RECURSIVE = 1;
export const BIND_RECURSIVE_ATTRS = 2;
export const BIND_RECURSIVE_PROPAGATION = 4;

export const HOOK_CREATE_RUNTIME = 1;
export const HOOK_CREATE_CONTAINER = 2;
export const HOOK_START_CONTAINER = 3;
export const HOOK_POSTSTART = 4;
export const HOOK_POSTSTOP = 5;

export const STATUS_CREATING = 1;
export const STATUS_CREATED = 2;
export const STATUS_RUNNING = 3;
export const STATUS_STOPPED = 4;

export const PHASE_CREATE = 1;
export const PHASE_START = 2;

/** Index of FAILED when it was no operation that failed. */
export const NO_OP = 4294967295;

/** A longer line is logged in pieces of this size, as Docker does. */
export const LOG_CHUNK = 16384;
/** Output the shim holds in memory for a client that does not read. */
export const CLIENT_MEMORY = 65536;

import { EngineError } from '../base/errors.ts';
import { ShimFailure } from '../kernel/shim-failure.ts';
import type { CreateOp } from '../kernel/shim-ops.ts';

/** Docker's exit codes of a container that could not be started: not executable, not found, anything else. */
export type LaunchExitCode = 126 | 127 | 128;

/** A process that could not be started. The message is what `docker run` or `docker exec` prints. */
export class LaunchFailure extends EngineError {
  readonly exitCode: LaunchExitCode;

  constructor(cause: EngineError, message: string, exitCode: LaunchExitCode) {
    super(cause.kind, message, { cause });
    this.name = 'LaunchFailure';
    this.exitCode = exitCode;
  }
}

const CREATE =
  'failed to create task for container: failed to create shim task: OCI runtime create failed: unable to start container process: ';
const EXEC = 'OCI runtime exec failed: exec failed: unable to start container process: ';

/** errno(3) in the words of the C library, which Docker's users and scripts look for. */
const WORDS: Readonly<Record<string, string>> = {
  E2BIG: 'argument list too long',
  EACCES: 'permission denied',
  EBUSY: 'device or resource busy',
  EINVAL: 'invalid argument',
  EISDIR: 'is a directory',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
  ENOENT: 'no such file or directory',
  ENOEXEC: 'exec format error',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
  ETXTBSY: 'text file busy',
};

/** What went wrong between create and exec of a container; `program` is what it was carrying out when it did. */
export function launchFailure(error: unknown, command: string, program: readonly CreateOp[]): unknown {
  if (!(error instanceof ShimFailure)) return error;
  const op = error.phase === 'create' && error.index !== undefined ? program[error.index] : undefined;
  const { text, exitCode } = op?.op === 'bind' ? explainBind(error, op) : explain(error, command);
  return new LaunchFailure(error, `${CREATE}${text}: unknown`, exitCode);
}

/** The same for `docker exec`. */
export function execFailure(error: unknown, command: string): unknown {
  if (!(error instanceof ShimFailure)) return error;
  const { text, exitCode } = explain(error, command);
  return new LaunchFailure(error, `${EXEC}${text}: unknown`, exitCode);
}

interface Explanation {
  readonly text: string;
  readonly exitCode: LaunchExitCode;
}

function explain(error: ShimFailure, command: string): Explanation {
  const words = WORDS[error.code] ?? error.code;
  const exitCode = codeOf(error.code);
  if (error.op === 'CWD') {
    const cwd = error.detail.replace(/^chdir /, '');
    return { text: `chdir to cwd (${JSON.stringify(cwd)}) set in config.json failed: ${words}`, exitCode };
  }
  if (error.op !== 'EXEC') return { text: `${error.detail}: ${words}`, exitCode: 128 };
  const exec = `exec: ${JSON.stringify(command)}: `;
  if (error.code !== 'ENOENT') return { text: exec + words, exitCode: 126 };
  const missing = command.includes('/') ? `stat ${command}: ${words}` : 'executable file not found in $PATH';
  return { text: exec + missing, exitCode: 127 };
}

/** By what Docker looks for in runc's words. */
function codeOf(code: string): LaunchExitCode {
  if (code === 'ENOENT') return 127;
  return code === 'EACCES' ? 126 : 128;
}

function explainBind(
  error: ShimFailure,
  bind: { readonly source: string; readonly target: string },
): Explanation {
  const where = `error mounting ${JSON.stringify(bind.source)} to rootfs at ${JSON.stringify(bind.target)}`;
  // move_mount(2) has no other word for a directory on a file.
  const code = error.code === 'EINVAL' && error.detail.startsWith('move_mount') ? 'ENOTDIR' : error.code;
  const words = WORDS[code] ?? code;
  if (code !== 'ENOTDIR')
    return { text: `${where}: ${error.detail}: ${words}`, exitCode: codeOf(error.code) };
  const hint =
    'Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type';
  return { text: `${where}: ${error.detail}: ${words}: ${hint}`, exitCode: 127 };
}

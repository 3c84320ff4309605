import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { cgroupDirectories } from '../kernel/cgroup.ts';
import { connectShim, type ShimExec } from '../kernel/shim-client.ts';
import { readBundle } from './bundle.ts';
import { compileExec } from './compile-process.ts';
import { resolveContainerUser } from './container-user.ts';
import { mergeEnvironment } from './environment.ts';
import type { HostFacts } from './host.ts';
import { containerCgroup } from './launch.ts';
import { execFailure } from './launch-failure.ts';
import { settleUser } from './settle-user.ts';
import type { Process } from './spec.ts';

/** A further process of a running container (`docker exec`). */
export interface ProcessToExec {
  /** Letters, digits, `_` and `-`; unique among the container's. */
  readonly id: string;
  readonly containerId: string;
  readonly bundle: string;
  readonly runDir: string;
  /** The container's init. */
  readonly pid: number;
  readonly args: readonly string[];
  /** Laid over the container's own. */
  readonly env: readonly string[];
  /** Empty: the container's. */
  readonly cwd: string;
  /** As typed; empty: root. The container's own user is the caller's to fill in. */
  readonly user: string;
  readonly groupAdd: readonly string[];
  /** All capabilities that the daemon has, within the container's seccomp filter. */
  readonly privileged: boolean;
  readonly tty: boolean;
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly stdin: boolean;
  /** False: what it prints is thrown away. */
  readonly output: boolean;
}

/**
 * Runs a process in a container and resolves when it has been exec'd. Errors: `invalid` for an unknown user or an empty
 * command, `unavailable` when the container has ended, a `LaunchFailure` with Docker's exit code for the rest.
 */
export async function execProcess(
  ctx: Ctx,
  facts: Pick<HostFacts, 'arch' | 'capabilities' | 'cgroups'>,
  exec: ProcessToExec,
): Promise<ShimExec> {
  const spec = readBundle(exec.bundle);
  if (!spec.process) throw new EngineError('data-loss', `${exec.bundle}/config.json: process: missing`);
  const user = resolveContainerUser(exec.pid, exec.user, exec.groupAdd);
  const process = settleUser(processOf(spec.process, exec, facts.capabilities), user);
  const program = compileExec(spec, { process, home: user.home }, { id: exec.containerId, arch: facts.arch });
  try {
    return await connectShim(exec.runDir).exec(ctx, {
      id: exec.id,
      tty: exec.tty,
      stdin: exec.stdin,
      output: exec.output,
      cgroup: cgroupDirectories(containerCgroup(facts, spec)),
      program,
    });
  } catch (error) {
    throw execFailure(error, exec.args[0] ?? '');
  }
}

/** Docker gives an exec with a terminal TERM, below what the container and the exec set themselves. */
function processOf(container: Process, exec: ProcessToExec, available: readonly string[]): Process {
  const { consoleSize: _, ...rest } = container;
  const term = exec.tty ? ['TERM=xterm'] : [];
  return {
    ...rest,
    terminal: exec.tty,
    ...(exec.consoleSize && { consoleSize: exec.consoleSize }),
    args: exec.args,
    env: mergeEnvironment([...term, ...(container.env ?? [])], exec.env),
    cwd: exec.cwd || container.cwd,
    ...(exec.privileged && { capabilities: { bounding: available } }),
  };
}

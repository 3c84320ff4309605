import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backgroundCtx, type Ctx } from '../base/ctx.ts';
import { EngineError, isEngineError, messageOf } from '../base/errors.ts';
import type { Exec } from '../containers/exec.ts';
import type { ContainerRecord } from '../containers/record.ts';
import { isAlive } from '../containers/state.ts';
import { parseDetachKeys } from '../formats/detach-keys.ts';
import { connectShim, type ShimExec } from '../kernel/shim-client.ts';
import { execProcess } from '../runtime/exec.ts';
import { LaunchFailure } from '../runtime/launch-failure.ts';
import type { AttachSession } from './attach-session.ts';
import { notRunning } from './conflicts.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';
import { findExec, publishExec, refuseUnlessRunning } from './exec.ts';
import { containerPaths } from './paths.ts';
import { openSession } from './session.ts';

export interface ExecStartInput {
  readonly detach: boolean;
  readonly tty: boolean;
  readonly consoleSize?: readonly [height: number, width: number];
}

/** Exit code of an exec that could not be started for another reason than its command. */
const NOT_STARTED = 128;
/** Of one that was killed with its container. */
const KILLED = 137;

/**
 * Starts a created exec; the session of its streams, unless `detach`. A client that leaves ends the exec's standard input,
 * not the exec. Errors: `not-found`, `conflict` (started before, container stopped or paused), `invalid` (cannot be executed: the
 * exit code 126 or 127 is in the inspection).
 */
export async function execStart(
  ctx: Ctx,
  engine: Engine,
  execId: string,
  input: ExecStartInput,
): Promise<AttachSession | undefined> {
  const exec = findExec(engine, execId);
  const record = engine.containers.resolve(exec.containerId);
  refuseStarted(exec);
  refuseUnlessRunning(engine, record);
  engine.execs.setState(execId, { status: 'starting' });
  publishExec(engine, record, exec, 'exec_start');
  const process = await launch(engine, record, exec, input);
  engine.execs.setState(execId, { status: 'running', pid: process.pid });
  const settled = watch(engine, record, exec, process);
  if (input.detach) {
    process.close();
    return undefined;
  }
  return openSession(ctx.signal, {
    tty: exec.input.tty,
    stdin: exec.input.attachStdin,
    stdout: exec.input.attachStdout,
    stderr: exec.input.attachStderr,
    detachKeys: parseDetachKeys(exec.input.detachKeys),
    endsInput: true,
    streams: Promise.resolve(process),
    settled,
    onEnd: (how) => {
      if (how === 'detached') publishContainer(engine, record, 'exec_detach', { execID: execId });
    },
  });
}

function refuseStarted({ id, state }: Exec): void {
  if (state.status === 'created') return;
  const what = state.status === 'ended' ? 'has already run' : 'is already running';
  throw new EngineError('conflict', `Error: Exec command ${id} ${what}`);
}

async function launch(
  engine: Engine,
  record: ContainerRecord,
  exec: Exec,
  { detach, consoleSize = exec.input.consoleSize }: ExecStartInput,
): Promise<ShimExec> {
  const { input } = exec;
  const paths = containerPaths(engine.paths, record.id);
  if (!isAlive(record.state)) throw notRunning(record);
  try {
    return await execProcess(backgroundCtx(engine.log), engine.host, {
      id: exec.id,
      containerId: record.id,
      bundle: paths.dir,
      runDir: paths.run,
      pid: record.state.pid,
      args: input.cmd,
      env: input.env,
      cwd: input.workingDir,
      user: input.user || record.config.user,
      groupAdd: record.hostConfig.groupAdd,
      privileged: input.privileged,
      tty: input.tty,
      ...(consoleSize && { consoleSize: { height: consoleSize[0], width: consoleSize[1] } }),
      stdin: input.attachStdin && !detach,
      output: !detach && (input.attachStdout || input.attachStderr),
    });
  } catch (error) {
    const code = error instanceof LaunchFailure ? error.exitCode : NOT_STARTED;
    end(engine, record, exec, 0, code);
    throw isEngineError(error, 'unavailable', 'not-found') ? notRunning(record, error) : error;
  }
}

/**
 * Waits for the end, on a connection of its own (the session's is its client's), and takes the exit record away, so that a
 * long life with many execs leaves no pile of them.
 */
async function watch(engine: Engine, record: ContainerRecord, exec: Exec, { pid }: ShimExec): Promise<void> {
  const { run: runDir } = containerPaths(engine.paths, record.id);
  let code: number;
  try {
    const shim = engine.runs.get(record.id)?.shim ?? connectShim(runDir);
    code = (await shim.wait(backgroundCtx(engine.log), exec.id)).exitCode;
  } catch (error) {
    // Its container has ended, and it with it.
    engine.log.debug('exec lost', { exec: exec.id, error: messageOf(error) });
    code = KILLED;
  }
  end(engine, record, exec, pid, code);
  await rm(join(runDir, `exec-${exec.id}.exit`), { force: true });
}

function end(engine: Engine, record: ContainerRecord, exec: Exec, pid: number, code: number): void {
  engine.execs.setState(exec.id, { status: 'ended', pid, code });
  publishContainer(engine, record, 'exec_die', { execID: exec.id, exitCode: String(code) });
}

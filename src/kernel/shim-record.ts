import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ctx, checkCancelled } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { readProcessStat, signalSameProcess } from './processes.ts';

/** How a process ended. */
export interface ExitRecord {
  readonly pid: number;
  /** 128 + signal when it was killed. */
  readonly exitCode: number;
  /** 0 when it exited by itself. */
  readonly signal: number;
  /** RFC 3339 with nanoseconds, UTC. */
  readonly finishedAt: string;
  /** Lines that could not be written to the log (full disk). */
  readonly lostLogLines: number;
  /** Poststart hooks that failed. */
  readonly failedHooks: number;
}

/** A process that a recycled pid cannot be mistaken for (proc_pid_stat(5), starttime). */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: bigint;
}

export interface ShimIdentity {
  readonly shim: ProcessIdentity;
  readonly init: ProcessIdentity;
}

/** `exit` of a container's run directory, or that of an exec; undefined as long as there is none. */
export function readExitRecord(runDir: string, execId = ''): ExitRecord | undefined {
  const path = join(runDir, execId === '' ? 'exit' : `exec-${execId}.exit`);
  const text = readIfThere(path);
  return text === undefined ? undefined : parseExitRecord(text, path);
}

/** Parses an exit record. Throws `data-loss` naming `what`. */
export function parseExitRecord(text: string, what: string): ExitRecord {
  try {
    const record = JSON.parse(text) as ExitRecord;
    if (Number.isInteger(record.exitCode) && typeof record.finishedAt === 'string') return record;
  } catch (error) {
    throw new EngineError('data-loss', `${what}: not an exit record`, { cause: error });
  }
  throw new EngineError('data-loss', `${what}: not an exit record`);
}

/** Who the shim and init are, from `init.pid`, written before CREATED; undefined without one. */
export function readShimIdentity(runDir: string): ShimIdentity | undefined {
  const text = readIfThere(join(runDir, 'init.pid'));
  if (text === undefined) return undefined;
  const fields = /^(\d+) (\d+) (\d+) (\d+)\n$/.exec(text);
  if (!fields) throw new EngineError('data-loss', `${runDir}/init.pid: ${JSON.stringify(text)} is malformed`);
  const [, shim, shimStart = '', init, initStart = ''] = fields;
  return {
    shim: { pid: Number(shim), startTime: BigInt(shimStart) },
    init: { pid: Number(init), startTime: BigInt(initStart) },
  };
}

/** True while that very process runs; a zombie does not. */
export function isAlive(process: ProcessIdentity): boolean {
  const stat = readProcessStat(process.pid);
  return (
    stat !== undefined && stat.startTime === process.startTime && stat.state !== 'Z' && stat.state !== 'X'
  );
}

/**
 * Ends a container whose shim was killed: kills init (and with it its pid namespace), waits until it is gone and writes
 * the exit record the shim would have. Without a pid namespace of its own, the caller kills the rest by cgroup. Returns
 * the shim's own record when there is one after all.
 */
export async function reapLostShim(ctx: Ctx, runDir: string, identity: ShimIdentity): Promise<ExitRecord> {
  const written = readExitRecord(runDir);
  if (written) return written;
  signalSameProcess(identity.init.pid, identity.init.startTime, 9);
  while (isAlive(identity.init)) {
    checkCancelled(ctx);
    await sleep(5);
  }
  const record: ExitRecord = {
    pid: identity.init.pid,
    exitCode: 137,
    signal: 9,
    finishedAt: new Date().toISOString(),
    lostLogLines: 0,
    failedHooks: 0,
  };
  writeFileSync(join(runDir, 'exit.new'), JSON.stringify(record) + '\n', { mode: 0o600 });
  renameSync(join(runDir, 'exit.new'), join(runDir, 'exit'));
  return record;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { removeDirectory } from '../../src/engine/remove-directory.ts';

const ROOT = resolve(import.meta.dirname, '../..');
export const GANTRYD = join(ROOT, 'dist/daemon.js');
export const GANTRY = join(ROOT, 'bin/gantry');

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; never throws on its exit code. */
export function exec(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string | Buffer; timeout?: number } = {},
): Promise<Result> {
  return new Promise((done) => {
    const child = execFile(
      command,
      args,
      {
        env: { ...process.env, ...options.env },
        maxBuffer: 1 << 28,
        timeout: options.timeout ?? 120_000,
        encoding: 'utf8',
      },
      (error, stdout, stderr) =>
        done({ status: error ? (typeof error.code === 'number' ? error.code : 255) : 0, stdout, stderr }),
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
  });
}

/** A gantryd of the test's own: own roots, socket and cgroup parent. Disposing removes all it made. */
export interface TestDaemon extends AsyncDisposable {
  readonly host: string;
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly cgroupParent: string;
  readonly pid: number;
  /** The stock docker CLI against this daemon. */
  docker(...args: string[]): Promise<Result>;
  /** Our own CLI against this daemon. */
  gantry(...args: string[]): Promise<Result>;
  /** Everything the daemon has printed. */
  output(): string;
  /** SIGKILL; containers stay. */
  kill9(): Promise<void>;
  /** SIGTERM; containers stay. */
  stop(): Promise<void>;
  /** Starts it again on the same roots. */
  start(): Promise<void>;
}

export interface DaemonOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** An existing data root, for instance on a small file system; not removed. */
  readonly dataRoot?: string;
}

/** Starts a gantryd and waits until it listens. */
export async function startGantryd(options: DaemonOptions = {}): Promise<TestDaemon> {
  const base = mkdtempSync(join(tmpdir(), 'gantry-d-'));
  const dataRoot = options.dataRoot ?? join(base, 'data');
  const execRoot = join(base, 'run');
  const host = `unix://${join(base, 'd.sock')}`;
  const cgroupParent = `/gantry-test-${process.pid}-${base.slice(-6)}`;
  const config = join(base, 'docker-config');
  const env = { ...process.env, ...options.env, DOCKER_HOST: host, DOCKER_CONFIG: config };
  const args = [
    '--data-root',
    dataRoot,
    '--exec-root',
    execRoot,
    '-H',
    host,
    '--pidfile',
    join(base, 'pid'),
    '--cgroup-parent',
    cgroupParent,
  ];
  let child: ChildProcess | undefined;
  let output = '';

  const start = async (): Promise<void> => {
    const started = spawn(process.execPath, [GANTRYD, ...args, ...(options.args ?? [])], {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    const ready = new Promise<void>((done, fail) => {
      const onData = (data: Buffer): void => {
        output += data.toString();
        if (/API listen on/.test(output.slice(-4000))) done();
      };
      started.stdout?.on('data', onData);
      started.stderr?.on('data', onData);
      started.once('exit', (code, signal) =>
        fail(new Error(`gantryd ended (${code ?? signal}) before it listened:\n${output}`)),
      );
      setTimeout(() => fail(new Error(`gantryd does not listen after 20 s:\n${output}`)), 20_000).unref();
    });
    await ready;
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child?.once('exit', done));
    child.kill(signal);
    await gone;
  };
  const dispose = async (): Promise<void> => {
    await end('SIGKILL');
    await killShims(execRoot);
    removeCgroups(cgroupParent);
    // Not rmSync: should a mount have leaked, what lies behind it is somebody else's.
    await removeDirectory(backgroundCtx(), base);
  };
  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    host,
    dataRoot,
    execRoot,
    cgroupParent,
    get pid() {
      return child?.pid ?? 0;
    },
    docker: (...words) => exec('docker', words, { env }),
    gantry: (...words) => exec(GANTRY, words, { env }),
    output: () => output,
    kill9: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start: async () => {
      output = '';
      await start();
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Kills every shim that works below `execRoot`, with its container. */
async function killShims(execRoot: string): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const pids = processesOf(execRoot);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // ended by itself
      }
    }
    await sleep(20);
  }
}

function processesOf(execRoot: string): number[] {
  const containers = join(execRoot, 'c');
  if (!existsSync(containers)) return [];
  const ids = readdirSync(containers);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      const command = readOr(`/proc/${pid}/cmdline`);
      const groups = readOr(`/proc/${pid}/cgroup`);
      return ids.some(
        (id) => groups.includes(id) || (command.includes('gantry-shim') && command.includes(id)),
      );
    });
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function removeCgroups(parent: string): void {
  for (const controller of readdirSync('/sys/fs/cgroup'))
    removeTree(join('/sys/fs/cgroup', controller, parent));
  removeTree(join('/sys/fs/cgroup', parent));
}

function removeTree(dir: string): void {
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(dir, entry.name));
  try {
    rmdirSync(dir);
  } catch {
    // still being emptied by the kernel; the leak check tells
  }
}

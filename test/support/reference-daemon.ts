import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A private dockerd: its address, and how to end it with everything it made. */
export interface ReferenceDaemon extends AsyncDisposable {
  /** `unix://…`, for DOCKER_HOST. */
  readonly host: string;
  readonly pid: number;
  /** Process ID of the containerd it started. */
  containerdPid(): number;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;

/** Why no reference daemon can be had here; undefined when one can. */
export function noDockerd(): string | undefined {
  if (process.getuid?.() !== 0) return 'dockerd needs root';
  for (const program of ['dockerd', 'docker']) {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `${program} is not installed`;
  }
  return undefined;
}

/** Starts a dockerd of its own: own data, own socket, no bridge, no firewall rules. */
export async function startDockerd(): Promise<ReferenceDaemon> {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-dockerd-'));
  const socket = join(dir, 'd.sock');
  const args = [
    '--data-root',
    join(dir, 'data'),
    '--exec-root',
    join(dir, 'exec'),
    '--pidfile',
    join(dir, 'pid'),
  ];
  const flags = [
    '--bridge=none',
    '--iptables=false',
    '--ip-forward=false',
    '--containerd-namespace',
    `ns${process.pid}`,
  ];
  const child = spawn('dockerd', [...args, ...flags, '-H', `unix://${socket}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk) => (log = (log + chunk).slice(-4000)));
  const stop = async () => {
    await end(child);
    unmountBelow(dir);
    // Behind a mount that will not go lie other people's files.
    if (mountsBelow(dir).length > 0) throw new Error(`something is still mounted below ${dir}`);
    rmSync(dir, { recursive: true, force: true });
    removeEmptyCgroups();
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(socket))) {
    if (Date.now() > deadline || child.exitCode !== null) {
      await stop();
      throw new Error(`dockerd did not start:\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    host: `unix://${socket}`,
    pid: child.pid ?? 0,
    containerdPid: () => Number(readFileSync(join(dir, 'exec/containerd/containerd.pid'), 'utf8')),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function answers(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping' }, (reply) => {
      reply.resume();
      resolve(reply.statusCode === 200);
    });
    ping.on('error', () => resolve(false)).end();
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}

/** What a killed daemon leaves mounted would keep its directory from going away. */
function unmountBelow(dir: string): void {
  for (const target of mountsBelow(dir).reverse()) spawnSync('umount', ['-l', target]);
}

function mountsBelow(dir: string): string[] {
  const targets = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return targets.filter((target) => target.startsWith(`${dir}/`));
}

/** The parent that dockerd makes for its containers, unless another dockerd has some there. */
function removeEmptyCgroups(): void {
  for (const controller of readdirSync('/sys/fs/cgroup')) {
    try {
      rmdirSync(join('/sys/fs/cgroup', controller, 'docker'));
    } catch {
      // not there, or in use
    }
  }
}

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec, type Result } from './daemon.ts';

/** Debian's dockerd, to compare with: no bridge, no firewall, own roots. */
export interface ReferenceDaemon extends AsyncDisposable {
  readonly host: string;
  readonly pid: number;
  readonly root: string;
  docker(...args: string[]): Promise<Result>;
}

/** Why there is nothing to compare with, or undefined when there is. */
export function dockerdUnavailable(): string | undefined {
  return existsSync('/usr/sbin/dockerd') ? undefined : 'dockerd (docker.io) is not installed';
}

/** Starts a private dockerd and waits until it answers. */
export async function startDockerd(args: readonly string[] = []): Promise<ReferenceDaemon> {
  const root = mkdtempSync(join(tmpdir(), 'ref-docker-'));
  const host = `unix://${join(root, 'd.sock')}`;
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: join(root, 'config') };
  const child = spawn(
    '/usr/sbin/dockerd',
    [
      ...[
        '--data-root',
        join(root, 'data'),
        '--exec-root',
        join(root, 'run'),
        '-H',
        host,
        '--pidfile',
        join(root, 'pid'),
      ],
      ...['--bridge=none', '--iptables=false', '--ip-forward=false', ...args],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (data: Buffer) => {
      output = (output + data.toString()).slice(-8000);
      if (output.includes('API listen on')) resolve();
    });
    child.once('exit', () => reject(new Error(`dockerd ended before it listened:\n${output}`)));
  });
  await ready;
  return {
    host,
    root,
    pid: child.pid ?? 0,
    docker: (...words) => exec('docker', words, { env }),
    [Symbol.asyncDispose]: async () => {
      const containers = (await exec('docker', ['ps', '-aq'], { env })).stdout.split('\n').filter(Boolean);
      if (containers.length > 0) await exec('docker', ['rm', '-f', ...containers], { env });
      const containerd = pidOf(join(root, 'run/containerd/containerd.pid'));
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      if (containerd) await ended(containerd);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function pidOf(file: string): number | undefined {
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
}

async function ended(pid: number): Promise<void> {
  for (let waited = 0; waited < 5000 && existsSync(`/proc/${pid}`); waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

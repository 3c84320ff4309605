import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { exec, startGantryd, type TestDaemon } from '../test/support/daemon.ts';
import { busyboxTar } from '../test/support/images.ts';
import { noDockerd, type ReferenceDaemon, startDockerd } from '../test/support/reference-daemon.ts';
import { hasProgram } from './programs.ts';

/** The daemons under comparison, each with an image `busybox`. */
export interface Peers extends AsyncDisposable {
  readonly gantry: TestDaemon;
  /** Absent where docker.io is not installed. */
  readonly dockerd: ReferenceDaemon | undefined;
  readonly podman: boolean;
}

export async function startPeers(): Promise<Peers> {
  const gantry = await startGantryd();
  const dockerd = noDockerd() ? undefined : await startDockerd();
  const rootfs = readFileSync(busyboxTar());
  for (const host of [gantry.host, ...(dockerd ? [dockerd.host] : [])]) {
    const { status, stderr } = await exec('docker', ['-H', host, 'import', '-', 'busybox'], {
      input: rootfs,
    });
    if (status !== 0) throw new Error(`import failed: ${stderr}`);
  }
  const podman = hasProgram('podman');
  if (podman) execFileSync('podman', ['import', busyboxTar(), 'busybox'], { stdio: 'ignore' });
  return {
    gantry,
    dockerd,
    podman,
    [Symbol.asyncDispose]: async () => {
      await gantry[Symbol.asyncDispose]();
      await dockerd?.stop();
    },
  };
}

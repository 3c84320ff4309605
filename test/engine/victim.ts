// A daemon to be killed: opens an engine over given roots, does what its script says, and reports each step on stdout.
import type { HostConfigInput } from '../../src/containers/host-config.ts';
import { execCreate } from '../../src/engine/exec.ts';
import { execStart } from '../../src/engine/exec-start.ts';
import { pauseContainer } from '../../src/engine/pause.ts';
import { ctx, Lab, LabRoots } from './lab.ts';

export interface Order {
  readonly name: string;
  readonly cmd: readonly string[];
  readonly host?: HostConfigInput;
  /** What to do with it; absent: it is started and left. */
  readonly next?: 'pause' | 'exec' | 'nothing';
}

const [roots, orders] = JSON.parse(process.argv[2] ?? '') as [{ dir: string; cgroupParent: string }, Order[]];
const lab = await Lab.open(new LabRoots(roots.dir, roots.cgroupParent));
for (const { name, cmd, host = {}, next } of orders) {
  const id = next === 'nothing' ? await lab.create(cmd, {}, host, name) : await lab.run(cmd, {}, host, name);
  if (next === 'pause') await pauseContainer(ctx, lab.engine, id);
  if (next === 'exec') {
    const exec = await execCreate(ctx, lab.engine, id, {
      cmd: ['sleep', '1000'],
      attachStdin: false,
      attachStdout: true,
      attachStderr: true,
      tty: false,
      env: [],
      privileged: false,
      user: '',
      workingDir: '',
      detachKeys: '',
    });
    await execStart(ctx, lab.engine, exec.id, { detach: false, tty: false });
  }
  process.stdout.write(`${name}\n`);
}
// What is stored without being waited for is on disk by then.
await lab.engine.store.transaction(() => {});
process.stdout.write('ready\n');
setInterval(() => {}, 1000);

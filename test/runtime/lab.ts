import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { cgroupAt, cgroupExists } from '../../src/kernel/cgroup.ts';
import { removeCgroup } from '../../src/kernel/cgroup-create.ts';
import { connectShim } from '../../src/kernel/shim-client.ts';
import { openShimImage } from '../../src/kernel/shim-image.ts';
import type { ExitRecord } from '../../src/kernel/shim-record.ts';
import type { Rootfs } from '../../src/runtime/compile-context.ts';
import { killContainer } from '../../src/runtime/control.ts';
import { buildSpec } from '../../src/runtime/default-spec.ts';
import { readHostFacts } from '../../src/runtime/host.ts';
import {
  type ContainerToLaunch,
  cleanUpContainer,
  containerCgroup,
  createContainer,
} from '../../src/runtime/launch.ts';
import { hostLookups } from '../../src/runtime/look-up-host.ts';
import type { Spec } from '../../src/runtime/spec.ts';
import { type Changes, settingsOf } from './settings.ts';

export const ctx = backgroundCtx();
export const facts = readHostFacts();
const NATIVE = resolve(import.meta.dirname, '../../native');

const PASSWD = `root:x:0:0:root:/root:/bin/sh
app:x:1000:1000:app:/home/app:/bin/sh
`;
const GROUP = `root:x:0:
app:x:1000:
audio:x:29:app
video:x:44:
`;

export interface Wish {
  readonly user?: string;
  readonly groupAdd?: readonly string[];
  readonly stdin?: ContainerToLaunch['stdin'];
  /** The last word on the spec. */
  readonly spec?: (spec: Spec) => Spec;
  readonly rootfs?: Rootfs;
}

export interface Finished {
  readonly output: string;
  readonly exit: ExitRecord;
}

let count = 0;

/** A busybox tree and the containers made from it; disposing ends and removes them all. */
export class Lab implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'gantry-runtime-'));
  readonly base = join(this.dir, 'base');
  readonly parent = `/gantry-test-${process.pid}-${++count}`;
  readonly launcher = { facts, shim: openShimImage(shimBinary()) };
  readonly #launched: ContainerToLaunch[] = [];
  #containers = 0;

  constructor() {
    for (const dir of ['bin', 'etc', 'tmp', 'root', 'home/app']) {
      mkdirSync(join(this.base, dir), { recursive: true });
    }
    copyFileSync('/bin/busybox', join(this.base, 'bin/busybox'));
    for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
      if (applet !== 'busybox') symlinkSync('busybox', join(this.base, 'bin', applet));
    }
    writeFileSync(join(this.base, 'etc/passwd'), PASSWD);
    writeFileSync(join(this.base, 'etc/group'), GROUP);
  }

  /** What to launch for `settings`; nothing is started. */
  container(args: readonly string[], changes: Changes = {}, wish: Wish = {}): ContainerToLaunch {
    const id = (++this.#containers).toString(16).padStart(64, 'c');
    const home = join(this.dir, id.slice(-8));
    for (const dir of ['upper', 'work', 'bundle']) mkdirSync(join(home, dir), { recursive: true });
    const settings = settingsOf({
      ...changes,
      id,
      cgroupParent: this.parent,
      process: { args, ...changes.process },
    });
    const spec = buildSpec(
      settings,
      { facts, lookups: hostLookups, seccompProfile: { kind: 'default' } },
      'rootfs',
    );
    const rootfs: Rootfs = {
      kind: 'overlay',
      base: this.dir,
      lowerNames: ['base'],
      upper: join(home, 'upper'),
      work: join(home, 'work'),
    };
    return {
      id,
      bundle: join(home, 'bundle'),
      runDir: join(home, 'run'),
      spec: wish.spec ? wish.spec(spec) : spec,
      rootfs: wish.rootfs ?? rootfs,
      user: wish.user ?? '',
      groupAdd: wish.groupAdd ?? [],
      stdin: wish.stdin ?? 'none',
      log: { path: join(home, 'log'), maxSize: 0, maxFiles: 1 },
    };
  }

  /** Creates and starts. */
  async launch(container: ContainerToLaunch): Promise<{ pid: number }> {
    this.#launched.push(container);
    const created = await createContainer(ctx, this.launcher, container);
    await created.start(ctx);
    return { pid: created.pid };
  }

  /** Runs to the end. */
  async run(args: readonly string[], changes: Changes = {}, wish: Wish = {}): Promise<Finished> {
    const container = this.container(args, changes, wish);
    await this.launch(container);
    const exit = await this.ended(container);
    return { output: logText(container), exit };
  }

  /** Waits for the end of a container. */
  async ended(container: ContainerToLaunch): Promise<ExitRecord> {
    return await connectShim(container.runDir).wait(ctx);
  }

  /** Runs a shell script to the end and returns what it printed, standard error with it. */
  async sh(script: string, changes: Changes = {}, wish: Wish = {}): Promise<string> {
    return (await this.run(['/bin/sh', '-c', `exec 2>&1; ${script}`], changes, wish)).output;
  }

  /** Kills a container and waits for its end. */
  async end(container: ContainerToLaunch): Promise<ExitRecord> {
    await killContainer(ctx, facts, container, 9);
    return await this.ended(container);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const container of this.#launched) await cleanUpContainer(ctx, facts, container);
    await removeCgroup(ctx, cgroupAt(facts.cgroups, this.parent));
    this.launcher.shim[Symbol.dispose]();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** What a container has printed, out of its json-file log. */
export function logText({ log }: ContainerToLaunch): string {
  const lines = readFileSync(log?.path ?? '', 'utf8')
    .split('\n')
    .filter(Boolean);
  return lines.map((line): string => JSON.parse(line).log).join('');
}

function shimBinary(): string {
  const path = join(NATIVE, 'build/gantry-shim');
  if (!existsSync(path)) execFileSync('make', ['-s', '-C', NATIVE], { stdio: 'inherit' });
  return path;
}

/** Fails when a container has left its run directory, cgroup, or a mount. */
export function nothingLeft(container: ContainerToLaunch): void {
  assert.equal(existsSync(container.runDir), false, 'run directory');
  assert.equal(cgroupExists(containerCgroup(facts, container.spec)), false, 'cgroup');
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(container.bundle), 'mount');
}

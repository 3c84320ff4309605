import { execFileSync } from 'node:child_process';
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { connectShim, type ShimConnection, type ShimOutput } from '../../src/kernel/shim-client.ts';
import { createShim, type ShimCreation, type ShimSpec } from '../../src/kernel/shim-create.ts';
import { openShimImage, type ShimImage } from '../../src/kernel/shim-image.ts';
import type { Bind, CreateOp, Exec, ProcessOp } from '../../src/kernel/shim-ops.ts';
import { type ExitRecord, readShimIdentity } from '../../src/kernel/shim-record.ts';

export const ctx = backgroundCtx();
export const NATIVE = resolve(import.meta.dirname, '../../native');

/** The program under test: the release build, or what GANTRY_SHIM names (a build with sanitizers). */
export function shimBinary(): string {
  const path = process.env['GANTRY_SHIM'] ?? join(NATIVE, 'build/gantry-shim');
  if (!existsSync(path)) execFileSync('make', ['-s', '-C', NATIVE], { stdio: 'inherit' });
  return path;
}

export const ENV = ['PATH=/bin:/sbin', 'HOME=/root'];

export function sh(script: string): Exec {
  return { op: 'exec', argv: ['/bin/sh', '-c', script], env: ENV };
}

const DEVICES = [
  ['null', 3],
  ['zero', 5],
  ['full', 7],
  ['random', 8],
  ['urandom', 9],
] as const;

export function devices(): CreateOp[] {
  return [
    ...DEVICES.map(
      ([name, minor]): CreateOp => ({
        op: 'mknod',
        path: `/dev/${name}`,
        type: 'c',
        major: 1,
        minor,
        mode: 0o666,
        uid: 0,
        gid: 0,
      }),
    ),
    { op: 'symlink', path: '/dev/ptmx', to: 'pts/ptmx' },
    { op: 'symlink', path: '/dev/fd', to: '/proc/self/fd' },
  ];
}

export function mount(fstype: string, target: string, options: string[] = [], more: object = {}): CreateOp {
  return { op: 'mount', fstype, source: fstype, target, options, attrs: ['nosuid', 'noexec'], ...more };
}

export const MOUNTS: readonly CreateOp[] = [
  mount('proc', '/proc', [], { attrs: ['nosuid', 'nodev', 'noexec'] }),
  mount('tmpfs', '/dev', ['mode=755', 'size=65536k']),
  mount('devpts', '/dev/pts', ['newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
  mount('sysfs', '/sys', [], { attrs: ['ro', 'nosuid', 'nodev', 'noexec'] }),
  mount('tmpfs', '/dev/shm', ['mode=1777']),
  mount('mqueue', '/dev/mqueue'),
];

export interface ContainerOptions {
  readonly tty?: boolean;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly log?: ShimSpec['log'] | null;
  readonly spillLimit?: number;
  readonly namespaces?: readonly CreateOp[];
  /** In place of the overlay of the busybox tree. */
  readonly root?: readonly CreateOp[];
  readonly mounts?: readonly CreateOp[];
  /** After the mounts, before pivotRoot. */
  readonly more?: readonly CreateOp[];
  readonly afterPivot?: readonly CreateOp[];
  /** Owner of the upper directory. */
  readonly owner?: number;
}

/** A directory with a busybox tree, from which containers are made; disposing kills and removes all. */
export class Lab implements AsyncDisposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'gantry-shim-'));
  readonly base = join(this.dir, 'snapshots/base');
  readonly #image: ShimImage = openShimImage(shimBinary());
  readonly #containers: Container[] = [];
  #count = 0;

  constructor() {
    for (const dir of ['bin', 'etc', 'tmp', 'root', 'proc', 'sys', 'dev']) {
      mkdirSync(join(this.base, dir), { recursive: true });
    }
    copyFileSync('/bin/busybox', join(this.base, 'bin/busybox'));
    for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
      if (applet !== 'busybox') symlinkSync('busybox', join(this.base, 'bin', applet));
    }
    writeFileSync(join(this.base, 'etc/plain'), 'text');
    writeFileSync(join(this.base, 'etc/secret'), 'secret\n', { mode: 0o600 });
  }

  get image(): ShimImage {
    return this.#image;
  }

  /** Directories and the spec of a container that has not been made. */
  spec(options: ContainerOptions = {}): ShimSpec & { readonly runDir: string; readonly logPath: string } {
    const id = String(++this.#count);
    const runDir = join(this.dir, 'run', id);
    const snapshot = join(this.dir, 'snapshots', id);
    for (const dir of [runDir, join(runDir, 'rootfs'), join(snapshot, 'fs'), join(snapshot, 'work')]) {
      mkdirSync(dir, { recursive: true });
    }
    const owner = options.owner ?? 0;
    for (const dir of ['fs', 'work']) chownSync(join(snapshot, dir), owner, owner);
    const logPath = join(runDir, 'json.log');
    const log = options.log === null ? undefined : { path: logPath, maxSize: 0, maxFiles: 1, ...options.log };
    return {
      runDir,
      logPath,
      tty: options.tty ?? false,
      stdin: options.stdin ?? false,
      stdinOnce: options.stdinOnce ?? false,
      ...(log ? { log } : {}),
      spillDir: this.dir,
      spillLimit: options.spillLimit ?? 1 << 30,
      program: createProgram(this, id, join(runDir, 'rootfs'), options),
    };
  }

  async create(options: ContainerOptions = {}): Promise<Container> {
    const spec = this.spec(options);
    const creation = await createShim(ctx, this.#image, spec);
    const container = new Container(spec, creation);
    this.#containers.push(container);
    return container;
  }

  /** Creates and starts. */
  async run(program: string | readonly ProcessOp[], options: ContainerOptions = {}): Promise<Container> {
    const container = await this.create(options);
    await container.creation.start(ctx, typeof program === 'string' ? [sh(program)] : program);
    return container;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const container of this.#containers) await container.kill();
    this.#image[Symbol.dispose]();
    rmSync(this.dir, { recursive: true, force: true });
    const left = processesOf(this.dir);
    if (left.length > 0) throw new Error(`processes left: ${left.join(' ')}`);
    if (readFileSync('/proc/self/mountinfo', 'utf8').includes(this.dir)) throw new Error('mounts left');
  }
}

function createProgram(lab: Lab, id: string, at: string, options: ContainerOptions): CreateOp[] {
  const root: CreateOp = {
    op: 'rootOverlay',
    dir: join(lab.dir, 'snapshots'),
    lower: ['base'],
    upper: `${id}/fs`,
    work: `${id}/work`,
    options: [],
    at,
  };
  return [
    ...(options.namespaces ?? [
      { op: 'newNamespaces', types: ['mount', 'uts', 'ipc', 'net', 'pid', 'cgroup'] },
    ]),
    { op: 'propagation', type: 'slave' },
    ...(options.root ?? [root]),
    ...(options.mounts ?? [...MOUNTS, ...devices()]),
    ...(options.tty ? [{ op: 'tty', rows: 24, columns: 80, console: true } as const] : []),
    ...(options.more ?? []),
    { op: 'pivotRoot' },
    ...(options.afterPivot ?? []),
  ];
}

/** A container under test. */
export class Container {
  readonly runDir: string;
  readonly logPath: string;
  readonly creation: ShimCreation;
  readonly shim: ShimConnection;

  constructor(spec: { runDir: string; logPath: string }, creation: ShimCreation) {
    this.runDir = spec.runDir;
    this.logPath = spec.logPath;
    this.creation = creation;
    this.shim = connectShim(spec.runDir);
  }

  wait(): Promise<ExitRecord> {
    return this.shim.wait(ctx);
  }

  /** What was logged, the entries joined. */
  log(): { stdout: string; stderr: string } {
    const text = { stdout: '', stderr: '' };
    for (const line of readFileSync(this.logPath, 'utf8').split('\n').slice(0, -1)) {
      const entry = JSON.parse(line) as { log: string; stream: 'stdout' | 'stderr' };
      text[entry.stream] += entry.log;
    }
    return text;
  }

  /** Waits for the end and returns what was printed. */
  async finish(): Promise<{ code: number; stdout: string; stderr: string }> {
    const record = await this.wait();
    return { code: record.exitCode, ...this.log() };
  }

  async exec(
    program: string | readonly ProcessOp[],
    more: { id?: string; tty?: boolean; stdin?: boolean; output?: boolean } = {},
  ) {
    return this.shim.exec(ctx, {
      id: more.id ?? `e${++execs}`,
      tty: more.tty ?? false,
      stdin: more.stdin ?? false,
      output: more.output ?? true,
      cgroup: { unified: '', legacy: [] },
      program: typeof program === 'string' ? [sh(program)] : program,
    });
  }

  /** Ends whatever is left, and waits until the shim is gone. */
  async kill(): Promise<void> {
    const shim = this.creation.shimPid;
    for (let i = 0; i < 1000 && alive(shim); i++) {
      const identity = readShimIdentity(this.runDir);
      if (i % 10 === 0) await this.shim.signal(ctx, 9).catch(() => {});
      if (i > 100) {
        for (const pid of [identity?.init.pid ?? 0, shim]) if (pid > 1 && alive(pid)) process.kill(pid, 9);
      }
      if (i === 20) await this.creation.abort();
      await sleep(5);
    }
  }
}

let execs = 0;

export function alive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits until `check` is true; fails after ten seconds. */
export async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (await check()) return;
    await sleep(5);
  }
  throw new Error(`${what}: not within 10 s`);
}

/** Processes whose root or command line lies in `dir`. */
function processesOf(dir: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/exe`).includes(dir);
      } catch {
        return false;
      }
    });
}

/** Reads a process's output to its end. */
export async function collect(
  output: AsyncIterable<ShimOutput>,
): Promise<{ stdout: string; stderr: string }> {
  const text = { stdout: '', stderr: '' };
  for await (const piece of output) text[piece.stream] += piece.data.toString('latin1');
  return text;
}

/** What a container with these operations prints. */
export async function printed(
  lab: Lab,
  script: string,
  more: readonly CreateOp[],
  process: readonly ProcessOp[] = [],
) {
  const container = await lab.run([...process, sh(script)], { more });
  const { stdout, stderr } = await container.finish();
  return stderr === '' ? stdout : `${stdout}stderr: ${stderr}`;
}

/** A bind of a host path, private. */
export function bind(source: string, target: string, more: Partial<Bind> = {}): Bind {
  const plain = {
    recursive: true,
    set: [],
    clear: [],
    recursiveAttrs: false,
    recursivePropagation: true,
  } as const;
  return { op: 'bind', source, subpath: '', target, ...plain, propagation: 'private', ...more };
}

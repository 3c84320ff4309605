import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '../..');
const SCRIPTS = join(ROOT, 'test/vm');
const MODULES = ['virtio_pci', 'virtio_blk', 'overlay', 'loop', 'veth', 'bridge', 'nf_tables'];

/** Debian's cloud kernel on this machine, or why there is no test machine. */
export function vmUnavailable(): string | undefined {
  if (!existsSync('/usr/bin/qemu-system-x86_64')) return 'qemu-system-x86 is not installed';
  if (!kernelRelease()) return 'linux-image-cloud-amd64 is not installed';
  if (!existsSync('/sbin/apparmor_parser')) return 'apparmor is not installed';
  return undefined;
}

function kernelRelease(): string | undefined {
  return readdirSync('/boot')
    .map((name) => /^vmlinuz-(.*-cloud-amd64)$/.exec(name)?.[1])
    .filter((release) => release !== undefined)
    .sort()
    .at(-1);
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
}

/** Writes the initial RAM disk: busybox, the drivers in order, the hand-over script. */
function makeInitrd(dir: string, release: string): string {
  const root = join(dir, 'initrd');
  for (const name of ['bin', 'proc', 'sys', 'dev', 'new', 'modules'])
    mkdirSync(join(root, name), { recursive: true });
  cpSync('/bin/busybox', join(root, 'bin/busybox'));
  cpSync(join(SCRIPTS, 'initrd-init.sh'), join(root, 'init'));
  chmodSync(join(root, 'init'), 0o755);
  const files = new Set<string>();
  for (const module of MODULES) {
    for (const line of run('modprobe', '-S', release, '--show-depends', module).split('\n')) {
      const file = /^insmod (\S+)/.exec(line)?.[1];
      if (file) files.add(file);
    }
  }
  for (const file of files) cpSync(file, join(root, 'modules', basename(file)));
  writeFileSync(join(root, 'modules/order'), [...files].map((file) => basename(file)).join('\n'));
  const out = join(dir, 'initrd.gz');
  execFileSync('sh', ['-c', `cd ${root} && find . | cpio --quiet -o -H newc | gzip -1 > ${out}`]);
  return out;
}

/** Copies a program with the libraries it needs. */
function addProgram(root: string, program: string): void {
  const copy = (from: string, to: string): void => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    cpSync(realpathSync(from), join(root, to));
  };
  copy(program, `usr/bin/${basename(program)}`);
  let libraries = '';
  try {
    libraries = execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return; // static
  }
  for (const [, path = ''] of libraries.matchAll(/(?:=> )?(\/\S+) \(0x/g)) copy(path, path.slice(1));
}

/** The guest programs under `test/vm/guest`, bundled so that they need nothing but Node and the built project. */
async function addGuests(root: string): Promise<void> {
  const guests = readdirSync(join(SCRIPTS, 'guest')).filter((name) => name.endsWith('.ts'));
  await build({
    entryPoints: guests.map((name) => join(SCRIPTS, 'guest', name)),
    outdir: join(root, 'guest'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: ['koffi', 'lmdb'],
    logLevel: 'warning',
  });
}

/** Makes the read-only system disk: busybox, Node, docker and registry, the built project, the guest programs, and `files` (path in guest → path here). */
async function makeSystemDisk(dir: string, files: Readonly<Record<string, string>>): Promise<string> {
  const root = join(dir, 'root');
  for (const name of [
    'bin',
    'sbin',
    'proc',
    'sys',
    'dev',
    'run',
    'tmp',
    'root',
    'data',
    'etc',
    'var',
    'gantry',
  ]) {
    mkdirSync(join(root, name), { recursive: true });
  }
  cpSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of run('/bin/busybox', '--list').trim().split('\n')) {
    if (applet !== 'busybox') execFileSync('ln', ['-s', 'busybox', join(root, 'bin', applet)]);
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
  for (const program of [process.execPath, '/usr/bin/docker-registry', '/sbin/apparmor_parser', dockerCli()])
    addProgram(root, program);
  for (const part of ['dist', 'native/build', 'bin', 'package.json']) {
    cpSync(join(ROOT, part), join(root, 'gantry', part), { recursive: true });
  }
  const production = run('npm', 'ls', '--omit=dev', '--all', '--parseable', '--prefix', ROOT).split('\n');
  for (const path of production.filter((each) => each.includes('node_modules') && existsSync(each))) {
    cpSync(path, join(root, 'gantry', path.slice(ROOT.length + 1)), { recursive: true });
  }
  await addGuests(root);
  cpSync(join(root, 'gantry/node_modules'), join(root, 'guest/node_modules'), { recursive: true });
  for (const [to, from] of Object.entries(files)) cpSync(from, join(root, to), { recursive: true });
  cpSync(join(SCRIPTS, 'init.sh'), join(root, 'init'));
  chmodSync(join(root, 'init'), 0o755);
  const disk = join(dir, 'system.img');
  run('mke2fs', '-q', '-t', 'ext4', '-O', '^has_journal', '-d', root, disk, '1G');
  rmSync(root, { recursive: true });
  return disk;
}

function dockerCli(): string {
  return run('sh', '-c', 'command -v docker').trim();
}

/** A machine that can be booted several times on the same data disk. */
export interface TestMachine {
  /** Makes an empty data disk, mounted at /data in the guest; answers its path. */
  dataDisk(name: string, megabytes: number): string;
  /** Starts a boot that runs one guest program. */
  boot(guest: string, dataDisk: string): Boot;
}

export interface Boot {
  /** Console lines as they come; ends when the machine is off. */
  readonly lines: AsyncIterable<string>;
  /** A power cut. */
  cut(): void;
  /** Settles when the machine is off. */
  readonly off: Promise<void>;
}

/** Builds the machine's disks below `dir`. Emulated without KVM, so that it runs wherever qemu does. */
export async function createMachine(
  dir: string,
  files: Readonly<Record<string, string>> = {},
): Promise<TestMachine> {
  const release = kernelRelease() ?? '';
  const initrd = makeInitrd(dir, release);
  const system = await makeSystemDisk(dir, files);
  return {
    dataDisk: (name, megabytes) => {
      const disk = join(dir, `${name}.img`);
      run('mke2fs', '-q', '-t', 'ext4', disk, `${megabytes}M`);
      return disk;
    },
    boot: (guest, dataDisk) => start(release, initrd, system, dataDisk, guest),
  };
}

function start(release: string, initrd: string, system: string, data: string, guest: string): Boot {
  const drive = (file: string, readonly: boolean): string =>
    `file=${file},format=raw,if=virtio,readonly=${readonly ? 'on' : 'off'}`;
  const child: ChildProcess = spawn(
    'qemu-system-x86_64',
    [
      ...[
        '-M',
        'q35',
        '-accel',
        'tcg,thread=multi',
        '-cpu',
        'max',
        '-smp',
        '2',
        '-m',
        '1536',
        '-nographic',
        '-no-reboot',
      ],
      ...['-nic', 'none', '-kernel', `/boot/vmlinuz-${release}`, '-initrd', initrd],
      ...['-append', `console=ttyS0 quiet panic=-1 apparmor=1 security=apparmor guest=${guest}`],
      ...['-drive', drive(system, true), '-drive', drive(data, false)],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const off = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    lines: createInterface({ input: child.stdout ?? process.stdin, crlfDelay: Number.POSITIVE_INFINITY }),
    cut: () => child.kill('SIGKILL'),
    off,
  };
}

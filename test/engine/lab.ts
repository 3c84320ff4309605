import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { type ErrorKind, isEngineError } from '../../src/base/errors.ts';
import { createLog } from '../../src/base/log.ts';
import type { ContainerConfigInput } from '../../src/containers/config.ts';
import type { HostConfigInput } from '../../src/containers/host-config.ts';
import type { ContainerId, ContainerRecord } from '../../src/containers/record.ts';
import type { AttachSession } from '../../src/engine/attach-session.ts';
import { createContainer } from '../../src/engine/create.ts';
import { type DaemonConfig, resolveConfig } from '../../src/engine/daemon-config.ts';
import type { EngineEvent } from '../../src/engine/event-bus.ts';
import { containerLogs } from '../../src/engine/logs.ts';
import { type OpenedContainers, openContainers } from '../../src/engine/open-containers.ts';
import { containerPaths } from '../../src/engine/paths.ts';
import { reconcile } from '../../src/engine/reconcile.ts';
import { removeContainer } from '../../src/engine/remove.ts';
import { removeDirectory } from '../../src/engine/remove-directory.ts';
import { startContainer } from '../../src/engine/start.ts';
import { waitContainer } from '../../src/engine/wait.ts';
import { asDiffId, asImageId, chainId, type DiffId, digestOf } from '../../src/formats/digest.ts';
import { parseReference, withDefaultTag } from '../../src/formats/reference.ts';
import { IMAGES } from '../../src/images/image-record.ts';
import { REFERENCES, referenceKey } from '../../src/images/reference-record.ts';
import { cgroupAt, cgroupExists } from '../../src/kernel/cgroup.ts';
import { killAll } from '../../src/kernel/cgroup-control.ts';
import { removeCgroup } from '../../src/kernel/cgroup-create.ts';
import { detectCgroups } from '../../src/kernel/cgroup-layout.ts';
import { signalSameProcess } from '../../src/kernel/processes.ts';
import { readShimIdentity } from '../../src/kernel/shim-record.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** What a test may call the two images; the second has a VOLUME that is not in its layer. */
const IMAGES_MADE = { busybox: ['/data'], volumes: ['/data', '/var/lib/new'] };

/** Warnings and errors of the engine are worth seeing in a test's output. */
const log = createLog(
  () => (process.env['GANTRY_TEST_LOG'] === 'debug' ? 'debug' : 'warn'),
  (line) => process.stderr.write(line),
);
export const ctx = backgroundCtx(log);

let count = 0;

/** Roots of an engine, the same over several daemons. Disposing ends whatever still runs there and takes all away. */
export class LabRoots implements AsyncDisposable {
  readonly dir: string;
  readonly cgroupParent: string;

  constructor(dir: string, cgroupParent: string) {
    this.dir = dir;
    this.cgroupParent = cgroupParent;
  }

  static make(): LabRoots {
    const dir = mkdtempSync(join(tmpdir(), 'gantry-engine-'));
    return new LabRoots(dir, `/gantry-engine-test-${process.pid}-${++count}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const runs = join(this.dir, 'run/c');
    for (const id of existsSync(runs) ? readdirSync(runs) : []) {
      const identity = readShimIdentity(join(runs, id));
      for (const { pid, startTime } of identity ? [identity.shim, identity.init] : []) {
        signalSameProcess(pid, startTime, 9);
      }
    }
    const cgroup = cgroupAt(detectCgroups(), this.cgroupParent);
    await killAll(ctx, cgroup);
    await removeCgroup(ctx, cgroup);
    await removeDirectory(ctx, this.dir);
  }
}

function configOf({ dir, cgroupParent }: Pick<LabRoots, 'dir' | 'cgroupParent'>): DaemonConfig {
  const settings = {
    'data-root': join(dir, 'data'),
    'exec-root': join(dir, 'run'),
    'cgroup-parent': cgroupParent,
  };
  return resolveConfig(new Map(Object.entries(settings)), new Map());
}

/** An engine on roots of its own with a busybox image; disposing takes everything away and looks that nothing is left. */
export class Lab implements AsyncDisposable {
  readonly roots: LabRoots;
  readonly #opened: OpenedContainers;
  readonly seen: EngineEvent[] = [];

  private constructor(roots: LabRoots, opened: OpenedContainers) {
    this.roots = roots;
    this.#opened = opened;
  }

  /** Opens over `roots`, reconciles, and makes the image unless it is there. */
  static async open(roots: LabRoots = LabRoots.make()): Promise<Lab> {
    for (const dir of ['data', 'run']) mkdirSync(join(roots.dir, dir), { recursive: true });
    const opened = await openContainers(ctx, configOf(roots), shimBinary());
    const lab = new Lab(roots, opened);
    void lab.#listen();
    if (![...opened.engine.store.keys(IMAGES)].length) await makeImages(opened);
    await reconcile(ctx, opened.engine);
    return lab;
  }

  get engine() {
    return this.#opened.engine;
  }

  async #listen(): Promise<void> {
    for await (const event of this.engine.events.subscribe()) this.seen.push(event);
  }

  /** Actions on containers so far; of a container when given. */
  async actions(id?: string): Promise<string[]> {
    await new Promise((done) => setImmediate(done));
    return this.seen
      .filter((event) => event.type === 'container' && (id === undefined || event.actorId === id))
      .map((event) => event.action);
  }

  async create(
    cmd: readonly string[],
    config: ContainerConfigInput = {},
    hostConfig: HostConfigInput = {},
    name?: string,
  ): Promise<ContainerId> {
    const { id } = await createContainer(ctx, this.engine, {
      config: { image: 'busybox', cmd, ...config },
      hostConfig: { networkMode: 'none', ...hostConfig },
      endpoints: {},
      ...(name !== undefined && { name }),
    });
    return id;
  }

  /** Creates and starts. */
  async run(
    cmd: readonly string[],
    config: ContainerConfigInput = {},
    hostConfig: HostConfigInput = {},
    name?: string,
  ): Promise<ContainerId> {
    const id = await this.create(cmd, config, hostConfig, name);
    await startContainer(ctx, this.engine, id);
    return id;
  }

  record(id: ContainerId): ContainerRecord {
    return this.engine.containers.resolve(id);
  }

  async wait(id: string, condition?: string): Promise<number> {
    return (await waitContainer(ctx, this.engine, id, condition).result).statusCode;
  }

  /** What it has logged. */
  async logs(id: string): Promise<string> {
    const { output } = await containerLogs(ctx, this.engine, id, {
      stdout: true,
      stderr: true,
      follow: false,
      timestamps: false,
      details: false,
    });
    return textOf(output);
  }

  /** Runs a shell script to its end; what it printed. */
  async sh(
    script: string,
    config: ContainerConfigInput = {},
    hostConfig: HostConfigInput = {},
  ): Promise<string> {
    const id = await this.run(['sh', '-c', `exec 2>&1; ${script}`], config, hostConfig);
    await this.wait(id);
    const text = await this.logs(id);
    await removeContainer(ctx, this.engine, id, { force: true, volumes: false, link: false });
    return text;
  }

  /** Fails when anything of a removed container is left. */
  nothingLeft(id: ContainerId): void {
    const paths = containerPaths(this.engine.paths, id);
    assert.equal(existsSync(paths.dir), false, 'directory');
    assert.equal(existsSync(paths.run), false, 'run directory');
    assert.equal(this.engine.snapshots.stat(id), undefined, 'snapshot');
    const cgroup = cgroupAt(this.engine.host.cgroups, `${this.roots.cgroupParent}/${id}`);
    assert.equal(cgroupExists(cgroup), false, 'cgroup');
  }

  /** Leaves, as the daemon does: containers go on. */
  async leave(): Promise<void> {
    await this.#opened.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using _roots = this.roots;
    for (const { id, state } of this.engine.containers.all()) {
      if (state.status === 'removing') continue;
      await removeContainer(ctx, this.engine, id, { force: true, volumes: true, link: false });
      this.nothingLeft(id);
    }
    const left = readdirSync(this.engine.paths.runs);
    await this.leave();
    assert.deepEqual(left, [], 'run directories');
  }
}

/** Registers images of one busybox layer, as pulls would. */
async function makeImages(opened: OpenedContainers): Promise<void> {
  const { snapshots } = opened.engine;
  const dir = snapshots.newLayerDir();
  for (const name of ['bin', 'etc', 'tmp', 'root', 'home/app', 'data']) {
    mkdirSync(join(dir, name), { recursive: true });
  }
  copyFileSync('/bin/busybox', join(dir, 'bin/busybox'));
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(dir, 'bin', applet));
  }
  writeFileSync(
    join(dir, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n',
  );
  writeFileSync(join(dir, 'etc/group'), 'root:x:0:\napp:x:1000:\n');
  const diffId = asDiffId(digestOf('busybox layer'));
  await snapshots.register(ctx, chainId(undefined, diffId), undefined, dir);
  for (const [name, volumes] of Object.entries(IMAGES_MADE)) await makeImage(opened, name, volumes, diffId);
}

async function makeImage(
  { engine, content }: OpenedContainers,
  name: string,
  volumes: readonly string[],
  diffId: DiffId,
): Promise<void> {
  const platform = { os: 'linux', architecture: engine.host.arch };
  const config = {
    ...platform,
    config: {
      Cmd: ['sh'],
      Env: ['PATH=/bin'],
      Labels: { from: 'image' },
      Volumes: Object.fromEntries(volumes.map((volume) => [volume, {}])),
    },
    rootfs: { type: 'layers', diff_ids: [diffId] },
  };
  const { digest, size } = await content.put(ctx, JSON.stringify(config));
  const id = asImageId(digest);
  const target = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(name),
    size: 1,
  };
  const at = new Date().toISOString();
  await engine.store.put(IMAGES, id, {
    id,
    configSize: size,
    manifests: [target],
    diffIds: [diffId],
    platform,
    labels: {},
    size: 1_000_000,
    addedAt: at,
  });
  const reference = withDefaultTag(parseReference(name));
  await engine.store.put(REFERENCES, referenceKey(reference), { reference, target, image: id, taggedAt: at });
}

function shimBinary(): string {
  const path = join(ROOT, 'native/build/gantry-shim');
  if (!existsSync(path)) execFileSync('make', ['-s', '-C', join(ROOT, 'native')], { stdio: 'inherit' });
  return path;
}

/** All of a stream of output. */
export async function textOf(output: AsyncIterable<{ readonly data: Uint8Array }>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const { data } of output) chunks.push(data);
  return Buffer.concat(chunks).toString();
}

/** Reads a session's output as text, piece by piece. */
export class Reader {
  text = '';
  readonly ended: Promise<void>;
  #look: () => void = () => {};

  constructor(session: AttachSession) {
    this.ended = this.#read(session);
  }

  async #read(session: AttachSession): Promise<void> {
    for await (const { data } of session.output) {
      this.text += Buffer.from(data).toString();
      this.#look();
    }
    this.#look();
  }

  /** Waits until `pattern` has been seen. */
  async until(pattern: RegExp): Promise<string> {
    const over = this.ended.then(() => true);
    while (!pattern.test(this.text)) {
      const next = new Promise<false>((resolve) => {
        this.#look = () => resolve(false);
      });
      if ((await Promise.race([next, over])) && !pattern.test(this.text)) {
        throw new Error(`the output ended without ${pattern}: ${JSON.stringify(this.text)}`);
      }
    }
    return this.text;
  }
}

/** Waits until `holds`; fails after ten seconds. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) assert.fail(`never: ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

/** Ends at once when asked to. */
export const POLITE = ['sh', '-c', 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done'];

/** Waits until one of these has begun to listen. */
export async function ready(lab: Lab, id: string): Promise<void> {
  await eventually(async () => (await lab.logs(id)).includes('ready'), 'ready');
}

/** For `assert.rejects`: an engine error of this kind and text. */
export function fails(kind: ErrorKind, message: string | RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isEngineError(error, kind), `${kind} expected, got ${String(error)}`);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  };
}

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Ctx, detached } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { UndoStack } from '../base/undo.ts';
import { appArmorProfiles, loadAppArmorProfile } from '../kernel/apparmor.ts';
import { type Cgroup, cgroupAt } from '../kernel/cgroup.ts';
import { killAll } from '../kernel/cgroup-control.ts';
import { createCgroup, removeCgroup } from '../kernel/cgroup-create.ts';
import { createShim, type ShimCreation, type ShimLog } from '../kernel/shim-create.ts';
import type { ShimImage } from '../kernel/shim-image.ts';
import type { CreateOp } from '../kernel/shim-ops.ts';
import { DEFAULT_APPARMOR_PROFILE, defaultAppArmorProfile } from './apparmor-profile.ts';
import { ROOTFS, writeBundle } from './bundle.ts';
import { compileCreate } from './compile.ts';
import type { CompileContext, Rootfs } from './compile-context.ts';
import { compileStart } from './compile-process.ts';
import { resolveContainerUser } from './container-user.ts';
import type { HostFacts } from './host.ts';
import { launchFailure } from './launch-failure.ts';
import { limitsOf } from './limits.ts';
import { settleUser } from './settle-user.ts';
import type { Process, Spec } from './spec.ts';

/** What containers are launched with, made once for the daemon. */
export interface Launcher {
  readonly facts: HostFacts;
  readonly shim: ShimImage;
}

export interface ContainerToLaunch {
  readonly id: string;
  /** Existing directory for config.json, on disk. */
  readonly bundle: string;
  /** Made here: for the shim's socket and records. */
  readonly runDir: string;
  readonly spec: Spec;
  readonly rootfs: Rootfs;
  /** As typed; resolved when the container's own passwd can be read. */
  readonly user: string;
  readonly groupAdd: readonly string[];
  /** `once`: standard input closes with the first client that was attached to it. */
  readonly stdin: 'none' | 'open' | 'once';
  /** Absent: nothing is logged. */
  readonly log?: ShimLog;
}

/** A container that stands at the barrier: namespaces and mounts are there, nothing of the user's has run. */
export interface CreatedContainer {
  /** Of init, in the daemon's pid namespace: `/proc/PID/ns/net` is the container's network. */
  readonly pid: number;
  /**
   * Runs the container's program; resolves when it has been exec'd. When it throws, the container is gone: `invalid` for an
   * unknown user, a `LaunchFailure` with Docker's exit code for the rest.
   */
  start(ctx: Ctx): Promise<void>;
  /** Undoes the creation. */
  abort(ctx: Ctx): Promise<void>;
}

/** Output that a slow client has not taken yet, in bytes on disk; beyond it the client is dropped. */
const SPILL_LIMIT = 1 << 30;

/**
 * Makes a container up to the barrier: bundle, cgroup with limits, shim, namespaces, root and mounts. Follow it with
 * `start` or `abort`. When it throws, nothing is left. Errors: `invalid` and `not-implemented` name a field of the spec,
 * `conflict` says that the cgroup is in use, the rest is {@link launchFailure}'s.
 */
export async function createContainer(
  ctx: Ctx,
  launcher: Launcher,
  container: ContainerToLaunch,
): Promise<CreatedContainer> {
  const { process } = container.spec;
  if (!process) throw new EngineError('invalid', 'process: a container needs a process to run');
  const cgroup = containerCgroup(launcher.facts, container.spec);
  const context = contextOf(launcher, container, cgroup);
  const program = compileCreate(container.spec, context);
  await loadDefaultAppArmorProfile(process);

  await using undo = new UndoStack(ctx.log);
  mkdirSync(container.runDir, { recursive: true, mode: 0o700 });
  undo.push('remove the run directory', () => rmSync(container.runDir, { recursive: true, force: true }));
  writeBundle(container.bundle, container.spec);
  createCgroup(cgroup, limitsOf(container.spec));
  undo.push('remove the cgroup', () => removeCgroup(detached(ctx), cgroup));
  const creation = await createProcess(ctx, launcher, container, program);
  undo.release();
  const created = { container, process, context, creation, program };
  return {
    pid: creation.pid,
    start: (startCtx) => startContainer(startCtx, launcher.facts, created),
    abort: (abortCtx) => undoCreation(abortCtx, launcher.facts, created),
  };
}

interface Created {
  readonly container: ContainerToLaunch;
  readonly process: Process;
  readonly context: CompileContext;
  readonly creation: ShimCreation;
  readonly program: readonly CreateOp[];
}

async function startContainer(ctx: Ctx, facts: HostFacts, created: Created): Promise<void> {
  const { container, process, context, creation, program } = created;
  try {
    const user = resolveContainerUser(creation.pid, container.user, container.groupAdd);
    const settled = settleUser(process, user);
    const spec = { ...container.spec, process: settled };
    writeBundle(container.bundle, spec);
    await creation.start(ctx, compileStart(spec, { process: settled, home: user.home }, context));
  } catch (error) {
    await undoCreation(detached(ctx), facts, created);
    throw launchFailure(error, process.args[0] ?? '', program);
  }
}

async function undoCreation(ctx: Ctx, facts: HostFacts, { creation, container }: Created): Promise<void> {
  await creation.abort();
  await cleanUpContainer(ctx, facts, container);
}

/** The cgroup of a container: `linux.cgroupsPath`. */
export function containerCgroup(facts: Pick<HostFacts, 'cgroups'>, spec: Pick<Spec, 'linux'>): Cgroup {
  return cgroupAt(facts.cgroups, spec.linux?.cgroupsPath ?? '');
}

function contextOf(launcher: Launcher, container: ContainerToLaunch, cgroup: Cgroup): CompileContext {
  const { id, bundle, rootfs } = container;
  return { id, bundle, rootfs, attachAt: join(bundle, ROOTFS), cgroup, arch: launcher.facts.arch };
}

/** Somebody may have unloaded it since the daemon started. */
async function loadDefaultAppArmorProfile({ apparmorProfile }: Process): Promise<void> {
  if (apparmorProfile !== DEFAULT_APPARMOR_PROFILE || appArmorProfiles().includes(apparmorProfile)) return;
  await loadAppArmorProfile(defaultAppArmorProfile());
}

async function createProcess(
  ctx: Ctx,
  { shim }: Launcher,
  container: ContainerToLaunch,
  program: readonly CreateOp[],
): Promise<ShimCreation> {
  const { runDir, bundle, spec, stdin, log } = container;
  try {
    return await createShim(ctx, shim, {
      runDir,
      tty: spec.process?.terminal ?? false,
      stdin: stdin !== 'none',
      stdinOnce: stdin === 'once',
      ...(log && { log }),
      spillDir: bundle,
      spillLimit: SPILL_LIMIT,
      program,
    });
  } catch (error) {
    throw launchFailure(error, spec.process?.args[0] ?? '', program);
  }
}

/**
 * Removes what a container that has ended leaves: processes that outlived init (it had no pid namespace of its own), the
 * cgroup and the run directory with the exit record in it. What is gone already is no error.
 */
export async function cleanUpContainer(
  ctx: Ctx,
  facts: Pick<HostFacts, 'cgroups'>,
  container: { readonly runDir: string; readonly spec: Pick<Spec, 'linux'> },
): Promise<void> {
  const cgroup = containerCgroup(facts, container.spec);
  await killAll(ctx, cgroup);
  await removeCgroup(ctx, cgroup);
  rmSync(container.runDir, { recursive: true, force: true });
}

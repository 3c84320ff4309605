import { setTimeout as sleep } from 'node:timers/promises';
import type { Ctx } from '../base/ctx.ts';
import { isEngineError } from '../base/errors.ts';
import { freeze, isFrozen, thaw } from '../kernel/cgroup-control.ts';
import { connectShim, type ShimState } from '../kernel/shim-client.ts';
import {
  type ExitRecord,
  isAlive,
  readExitRecord,
  readShimIdentity,
  reapLostShim,
  type ShimIdentity,
} from '../kernel/shim-record.ts';
import type { HostFacts } from './host.ts';
import { containerCgroup } from './launch.ts';
import type { Spec } from './spec.ts';

const SIGKILL = 9;
const POLL_MS = 5;

/**
 * Sends a signal to the container's init. SIGKILL also reaches one that is paused. Errors: `unavailable` or `not-found` when
 * it has ended.
 */
export async function killContainer(
  ctx: Ctx,
  facts: Pick<HostFacts, 'cgroups'>,
  container: { readonly runDir: string; readonly spec: Pick<Spec, 'linux'> },
  signal: number,
): Promise<void> {
  await connectShim(container.runDir).signal(ctx, signal);
  const cgroup = containerCgroup(facts, container.spec);
  if (signal === SIGKILL && isFrozen(cgroup)) await thaw(ctx, cgroup);
}

/** Stops all processes of a container where they are. */
export async function pauseContainer(
  ctx: Ctx,
  facts: Pick<HostFacts, 'cgroups'>,
  spec: Pick<Spec, 'linux'>,
): Promise<void> {
  await freeze(ctx, containerCgroup(facts, spec));
}

/** Lets them go on. */
export async function resumeContainer(
  ctx: Ctx,
  facts: Pick<HostFacts, 'cgroups'>,
  spec: Pick<Spec, 'linux'>,
): Promise<void> {
  await thaw(ctx, containerCgroup(facts, spec));
}

/** What has become of a container that an earlier daemon launched. */
export type Adopted =
  | { readonly status: 'running'; readonly pid: number }
  | { readonly status: 'exited'; readonly exit: ExitRecord }
  /** Its shim ended without an exit record: killed, or with a daemon that died before START. `exit` says 137. */
  | { readonly status: 'lost'; readonly exit: ExitRecord }
  /** It never came to run: the earlier daemon died before START, or this host was booted since. */
  | { readonly status: 'never-ran' };

/**
 * Finds a container again after the daemon was restarted. One whose shim was killed is ended here, with exit code 137.
 * The cgroup and the run directory are left for `cleanUpContainer`.
 */
export async function readoptContainer(ctx: Ctx, runDir: string): Promise<Adopted> {
  const exit = readExitRecord(runDir);
  if (exit) return { status: 'exited', exit };
  const identity = readShimIdentity(runDir);
  if (!identity) return { status: 'never-ran' };
  const state = await askShim(ctx, runDir, identity);
  if (state === undefined) return { status: 'lost', exit: await reapLostShim(ctx, runDir, identity) };
  if (state.status === 'running') return { status: 'running', pid: state.pid };
  if (state.status === 'stopped') {
    return { status: 'exited', exit: await connectShim(runDir).wait(ctx) };
  }
  return { status: 'never-ran' };
}

/** Undefined when the shim is gone. One that is just ending no longer listens. */
async function askShim(ctx: Ctx, runDir: string, { shim }: ShimIdentity): Promise<ShimState | undefined> {
  while (isAlive(shim)) {
    try {
      return await connectShim(runDir).state(ctx);
    } catch (error) {
      if (!isEngineError(error, 'unavailable')) throw error;
      await sleep(POLL_MS, undefined, { signal: ctx.signal });
    }
  }
  return undefined;
}

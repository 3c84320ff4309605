import type { ContainerId } from './record.ts';

/** What an exec shall run, as the request has it. */
export interface ExecInput {
  readonly cmd: readonly string[];
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  readonly tty: boolean;
  readonly env: readonly string[];
  readonly privileged: boolean;
  readonly user: string;
  readonly workingDir: string;
  readonly detachKeys: string;
  readonly consoleSize?: readonly [height: number, width: number];
}

export type ExecState =
  | { readonly status: 'created' }
  /** Being started: nobody else may start it any more. */
  | { readonly status: 'starting' }
  | { readonly status: 'running'; readonly pid: number }
  | { readonly status: 'ended'; readonly pid: number; readonly code: number };

/** A process beside init, made by a request and started by another. Lives in memory: it is lost with the daemon, as its client is. */
export interface Exec {
  /** 64 hex digits. */
  readonly id: string;
  readonly containerId: ContainerId;
  readonly input: ExecInput;
  readonly state: ExecState;
}

/** How long an ended exec can be inspected, in milliseconds. */
const KEPT = 5 * 60_000;

/** The execs of all containers. */
export class ExecTable {
  readonly #execs = new Map<string, Exec>();
  readonly #byContainer = new Map<ContainerId, Set<string>>();

  add(exec: Exec): void {
    this.#execs.set(exec.id, exec);
    const ids = this.#byContainer.get(exec.containerId) ?? new Set();
    this.#byContainer.set(exec.containerId, ids.add(exec.id));
  }

  get(id: string): Exec | undefined {
    return this.#execs.get(id);
  }

  /** Changes its state; an ended one is forgotten after five minutes. Without effect when its container is gone. */
  setState(id: string, state: ExecState): void {
    const exec = this.#execs.get(id);
    if (!exec) return;
    this.#execs.set(id, { ...exec, state });
    if (state.status === 'ended') setTimeout(() => this.#delete(id), KEPT).unref();
  }

  /** Those that were created and have not ended. */
  runningIn(containerId: ContainerId): Exec[] {
    return [...(this.#byContainer.get(containerId) ?? [])]
      .map((id) => this.#execs.get(id))
      .filter((exec) => exec !== undefined)
      .filter(({ state }) => state.status !== 'ended');
  }

  /** Forgets a container's execs. */
  dropContainer(containerId: ContainerId): void {
    for (const id of this.#byContainer.get(containerId) ?? []) this.#execs.delete(id);
    this.#byContainer.delete(containerId);
  }

  #delete(id: string): void {
    const exec = this.#execs.get(id);
    this.#execs.delete(id);
    if (exec) this.#byContainer.get(exec.containerId)?.delete(id);
  }
}

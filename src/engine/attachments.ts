import type { ContainerId } from '../containers/record.ts';
import type { ShimConnection, ShimStreams } from '../kernel/shim-client.ts';

type Open = (shim: ShimConnection) => Promise<ShimStreams>;

interface Waiting {
  readonly open: Open;
  readonly settle: (streams: ShimStreams | undefined) => void;
}

/** Clients attached to containers that do not run yet, to be connected before the first instruction of the process. */
export class Attachments {
  readonly #waiting = new Map<ContainerId, Set<Waiting>>();

  /** Waits for the container to be started, or not to be any more. */
  wait(id: ContainerId, open: Open): { streams: Promise<ShimStreams | undefined>; cancel: () => void } {
    const all = this.#waiting.get(id) ?? new Set<Waiting>();
    let drop = (): void => {};
    const streams = new Promise<ShimStreams | undefined>((settle) => {
      const waiting: Waiting = { open, settle };
      drop = () => {
        all.delete(waiting);
        if (all.size === 0 && this.#waiting.get(id) === all) this.#waiting.delete(id);
        settle(undefined);
      };
      this.#waiting.set(id, all.add(waiting));
    });
    return { streams, cancel: drop };
  }

  /** Connects all who wait. A client that has gone meanwhile fails alone. */
  async connect(id: ContainerId, shim: ShimConnection): Promise<void> {
    const waiting = [...(this.#waiting.get(id) ?? [])];
    this.#waiting.delete(id);
    await Promise.all(
      waiting.map(async ({ open, settle }) => {
        try {
          settle(await open(shim));
        } catch {
          settle(undefined);
        }
      }),
    );
  }

  /** There will be no process: the start has failed, or the container is removed. */
  abandon(id: ContainerId): void {
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const { settle } of waiting) settle(undefined);
  }
}

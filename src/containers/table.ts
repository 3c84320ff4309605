import { EngineError } from '../base/errors.ts';
import type { Store } from '../store/store.ts';
import { nameTaken } from './names.ts';
import { CONTAINERS, type ContainerId, type ContainerRecord } from './record.ts';

/**
 * All containers, in memory, in step with the store: a change is seen here at once and its promise resolves when the
 * disk has it. Names belong to one container each; a name may be held before there is a record, while it is made.
 */
export class ContainerTable {
  readonly #store: Store;
  readonly #records = new Map<ContainerId, ContainerRecord>();
  readonly #names = new Map<string, ContainerId>();

  constructor(store: Store) {
    this.#store = store;
    for (const [id, record] of store.range(CONTAINERS)) {
      this.#records.set(id, record);
      this.#names.set(record.name, id);
    }
  }

  all(): ContainerRecord[] {
    return [...this.#records.values()];
  }

  get(id: ContainerId): ContainerRecord | undefined {
    return this.#records.get(id);
  }

  /** The container a user means by full ID, name, or unambiguous beginning of the ID. Throws `not-found`, `invalid`. */
  resolve(ref: string): ContainerRecord {
    const name = ref.startsWith('/') ? ref.slice(1) : ref;
    const record =
      this.#exact(ref) ?? this.#records.get(this.#names.get(name) ?? NOBODY) ?? this.#byPrefix(ref);
    if (!record) throw noSuchContainer(ref);
    return record;
  }

  /** The container whose ID begins with `prefix`, when there is just one. */
  withPrefix(prefix: string): ContainerId | undefined {
    const matches = this.#allWithPrefix(prefix);
    return matches.length === 1 ? matches[0]?.id : undefined;
  }

  /** Holds `name` for a container being made or renamed. Throws `conflict`. */
  holdName(name: string, id: ContainerId): void {
    const owner = this.#names.get(name);
    if (owner !== undefined) throw nameTaken(name, owner);
    this.#names.set(name, id);
  }

  hasName(name: string): boolean {
    return this.#names.has(name);
  }

  /** Lets go of a held name, if `id` is who holds it. */
  freeName(name: string, id: ContainerId): void {
    if (this.#names.get(name) === id) this.#names.delete(name);
  }

  /** Adds a container whose name is held. It appears once the disk has it and `parts`, what else belongs to it, is there. */
  async add(record: ContainerRecord, parts: Promise<unknown> = Promise.resolve()): Promise<void> {
    const stored = this.#store.put(CONTAINERS, record.id, record);
    const [, made] = await Promise.allSettled([stored, parts]);
    if (made.status === 'rejected') {
      await this.#store.delete(CONTAINERS, record.id);
      throw made.reason;
    }
    await stored;
    this.#records.set(record.id, record);
  }

  /** Changes a container; resolves when the disk has it. Throws `not-found` when it is gone. */
  async update(id: ContainerId, change: (record: ContainerRecord) => ContainerRecord): Promise<void> {
    const record = this.#records.get(id);
    if (!record) throw noSuchContainer(id);
    const changed = change(record);
    this.#records.set(id, changed);
    await this.#store.put(CONTAINERS, id, changed);
  }

  /** Forgets a container, with its name, once the disk has. */
  async delete(id: ContainerId): Promise<void> {
    await this.#store.delete(CONTAINERS, id);
    const record = this.#records.get(id);
    this.#records.delete(id);
    if (record) this.freeName(record.name, id);
  }

  #exact(ref: string): ContainerRecord | undefined {
    return ref.length === 64 ? this.#records.get(ref as ContainerId) : undefined;
  }

  #byPrefix(prefix: string): ContainerRecord | undefined {
    const [first, second] = this.#allWithPrefix(prefix);
    if (second) throw new EngineError('invalid', `multiple IDs found with provided prefix: ${prefix}`);
    return first;
  }

  #allWithPrefix(prefix: string): ContainerRecord[] {
    if (!/^[0-9a-f]{1,64}$/.test(prefix)) return [];
    return this.all().filter(({ id }) => id.startsWith(prefix));
  }
}

const NOBODY = '' as ContainerId;

export function noSuchContainer(ref: string): EngineError {
  return new EngineError('not-found', `No such container: ${ref}`);
}

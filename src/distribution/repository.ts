import { setMaxListeners } from 'node:events';
import type { Ctx } from '../base/ctx.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import type { Digest } from '../formats/digest.ts';
import { type Retry, readBlob } from './blobs.ts';
import { type FetchedManifest, fetchManifest, resolveManifest } from './manifests.ts';
import type { Session } from './session.ts';
import { listTags } from './tags.ts';

/** One repository in a registry, seen with one person's credentials. Made by `Registries.repository`. */
export class Repository {
  readonly #session: Session;
  readonly #fetched = new Map<Digest, Uint8Array>();
  readonly #servedBy = new Map<Digest, Set<string>>();
  readonly #distrusted = new Set<string>();

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * What the reference's digest, tag, or `latest` stands for: one HEAD where the registry knows how. Throws `not-found`,
   * `unauthorized`, `unavailable` … in the words Docker has for them.
   */
  async resolve(ctx: Ctx): Promise<Descriptor> {
    const found = await resolveManifest(ctx, this.#session);
    return 'bytes' in found ? this.#keep(found).descriptor : found;
  }

  /** The bytes of a manifest or index, verified against digest and size; well-formed and unambiguous JSON. */
  async manifest(ctx: Ctx, descriptor: Descriptor): Promise<Uint8Array> {
    const kept = this.#fetched.get(descriptor.digest);
    if (kept && kept.byteLength === descriptor.size) return kept;
    return this.#keep(await fetchManifest(ctx, this.#session, descriptor.digest, descriptor)).bytes;
  }

  /**
   * The bytes of a blob from `offset` to its end, going on by itself after interruptions, at other mirrors too. Their number
   * is checked, their digest is not: a reader that finds them wrong says {@link distrust} and asks again.
   */
  async *blob(
    ctx: Ctx,
    blob: Descriptor,
    offset: number,
    onRetry: (retry: Retry) => void = () => {},
  ): AsyncGenerator<Uint8Array> {
    setMaxListeners(0, ctx.signal);
    const servers = this.#servedBy.get(blob.digest) ?? new Set();
    this.#servedBy.set(blob.digest, servers);
    yield* readBlob(ctx, this.#session, blob, offset, {
      onRetry,
      distrusted: this.#distrusted,
      served: (endpoint) => servers.add(endpoint.origin.href),
    });
  }

  /** Whoever served bytes of this blob is asked last from now on: they were wrong. */
  distrust(digest: Digest): void {
    for (const server of this.#servedBy.get(digest) ?? []) this.#distrusted.add(server);
  }

  tags(ctx: Ctx): Promise<string[]> {
    return listTags(ctx, this.#session);
  }

  #keep(fetched: FetchedManifest): FetchedManifest {
    this.#fetched.set(fetched.descriptor.digest, fetched.bytes);
    return fetched;
  }
}

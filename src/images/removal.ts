import { EngineError } from '../base/errors.ts';
import { type ChainId, type ImageId, shortId } from '../formats/digest.ts';
import { canonicalName } from '../formats/reference.ts';
import { type Catalog, childrenOf, layerUses, referencesOf } from './catalog.ts';
import { layersOf } from './image-record.ts';
import { type FoundImage, isIdPrefix } from './lookup.ts';
import { isDigested, type ReferenceRecord, referenceKey, sameRepository } from './reference-record.ts';

/** A container made from an image. */
export interface ImageUser {
  readonly containerId: string;
  readonly running: boolean;
}

/** What a removal must know beyond the catalog. */
export interface RemovalFacts {
  readonly catalog: Catalog;
  usersOf(id: ImageId): readonly ImageUser[];
  /** Something besides images stands on the layer: a container, a build, a pull under way. */
  layerHeld(layer: ChainId): boolean;
}

export interface RemovalRequest {
  readonly found: FoundImage;
  /** What the user typed. */
  readonly text: string;
  readonly force: boolean;
  /** Parents that nobody needs any more go too. */
  readonly pruneParents: boolean;
}

/** In the order in which Docker reports them; layers topmost first. */
export type RemovalStep =
  | { readonly kind: 'untag'; readonly name: ReferenceRecord }
  | { readonly kind: 'delete'; readonly image: ImageId; readonly layers: readonly ChainId[] };

/**
 * What `docker rmi` does to one image: by name, the name goes, and the image with its last name; by ID, all its names go
 * when they are of one repository. Rules and texts are dockerd's. Throws `conflict`.
 */
export function planRemoval(facts: RemovalFacts, request: RemovalRequest): RemovalStep[] {
  const { found } = request;
  return found.by === 'reference' && !isIdPrefix(found.image.id, request.text)
    ? planByName(facts, request, found.name)
    : planById(facts, request);
}

function planByName(facts: RemovalFacts, request: RemovalRequest, name: ReferenceRecord): RemovalStep[] {
  const id = request.found.image.id;
  const all = referencesOf(facts.catalog, id);
  const [user] = facts.usersOf(id);
  if (!request.force && isSingleName(all) && user) throw nameInUse(request.text, id, user);
  const untagged = [name, ...orphanedDigests(all, name)];
  const steps: RemovalStep[] = untagged.map((record) => ({ kind: 'untag', name: record }));
  if (untagged.length < all.length) return steps;
  return [...steps, ...planDeletion(new Deletion(facts, untagged), id, request, true)];
}

function planById(facts: RemovalFacts, request: RemovalRequest): RemovalStep[] {
  const id = request.found.image.id;
  const all = referencesOf(facts.catalog, id);
  if (!isSingleName(all)) return planDeletion(new Deletion(facts, []), id, request, false);
  const conflict = conflictOf(facts, id, { soft: !request.force, references: [] });
  if (conflict) throw conflict.error;
  const steps: RemovalStep[] = all.map((record) => ({ kind: 'untag', name: record }));
  return [...steps, ...planDeletion(new Deletion(facts, all), id, request, false)];
}

/** The plan so far: names and images that will be gone when later steps run. */
class Deletion {
  readonly facts: RemovalFacts;
  readonly #gone = new Set<ImageId>();
  readonly #untagged: ReadonlySet<string>;
  readonly #uses: Map<ChainId, number>;

  constructor(facts: RemovalFacts, untagged: readonly ReferenceRecord[]) {
    this.facts = facts;
    this.#untagged = new Set(untagged.map(({ reference }) => referenceKey(reference)));
    this.#uses = layerUses(facts.catalog);
  }

  /** Names the image still has. */
  referencesOf(id: ImageId): ReferenceRecord[] {
    return referencesOf(this.facts.catalog, id).filter(
      ({ reference }) => !this.#untagged.has(referenceKey(reference)),
    );
  }

  childrenOf(id: ImageId): ImageId[] {
    return childrenOf(this.facts.catalog, id).filter((child) => !this.#gone.has(child));
  }

  /** No name leads to it and no image is made from it. */
  isDangling(id: ImageId): boolean {
    return this.referencesOf(id).length === 0 && this.childrenOf(id).length === 0;
  }

  /** Takes the image away; the layers that were only its own, topmost first. */
  remove(id: ImageId): ChainId[] {
    this.#gone.add(id);
    const image = this.facts.catalog.images.get(id);
    const removed: ChainId[] = [];
    let needed = false;
    for (const layer of image ? layersOf(image).reverse() : []) {
      const left = (this.#uses.get(layer) ?? 1) - 1;
      this.#uses.set(layer, left);
      needed ||= left > 0 || this.facts.layerHeld(layer);
      if (!needed) removed.push(layer);
    }
    return removed;
  }
}

/** Deletes the image and, where asked, the parents that nothing holds any more. `quiet` drops conflicts that only mean "still needed". */
function planDeletion(
  deletion: Deletion,
  id: ImageId,
  request: RemovalRequest,
  quiet: boolean,
): RemovalStep[] {
  const { facts } = deletion;
  const image = facts.catalog.images.get(id);
  if (!image) return [];
  const children = deletion.childrenOf(id);
  const conflict = conflictOf(
    facts,
    id,
    { soft: !request.force, references: deletion.referencesOf(id) },
    children,
  );
  if (conflict) {
    if (quiet && (!deletion.isDangling(id) || conflict.used)) return [];
    throw conflict.error;
  }
  const steps: RemovalStep[] = deletion.referencesOf(id).map((record) => ({ kind: 'untag', name: record }));
  steps.push({ kind: 'delete', image: id, layers: deletion.remove(id) });
  if (!request.pruneParents || image.parent === undefined) return steps;
  return [...steps, ...planDeletion(deletion, image.parent, { ...request, force: false }, true)];
}

interface Conflict {
  readonly error: EngineError;
  /** A container is the reason. */
  readonly used: boolean;
}

/** Hard conflicts always count, soft ones (more names, a stopped container) only where asked. */
function conflictOf(
  facts: RemovalFacts,
  id: ImageId,
  checks: { soft: boolean; references: readonly ReferenceRecord[] },
  children = childrenOf(facts.catalog, id),
): Conflict | undefined {
  const users = facts.usersOf(id);
  const running = users.find((user) => user.running);
  const stopped = users.find((user) => !user.running);
  if (children.length > 0) {
    return { error: conflictError(id, 'cannot be forced', 'image has dependent child images'), used: false };
  }
  if (running) {
    const reason = `image is being used by running container ${shortId(running.containerId)}`;
    return { error: conflictError(id, 'cannot be forced', reason), used: true };
  }
  if (!checks.soft) return undefined;
  if (checks.references.length > 0) {
    const reason = 'image is referenced in multiple repositories';
    return { error: conflictError(id, 'must be forced', reason), used: false };
  }
  if (stopped) {
    const reason = `image is being used by stopped container ${shortId(stopped.containerId)}`;
    return { error: conflictError(id, 'must be forced', reason), used: true };
  }
  return undefined;
}

function conflictError(id: ImageId, remedy: string, reason: string): EngineError {
  return new EngineError('conflict', `conflict: unable to delete ${shortId(id)} (${remedy}) - ${reason}`);
}

function nameInUse(text: string, id: ImageId, user: ImageUser): EngineError {
  const container = `container ${shortId(user.containerId)} is using its referenced image ${shortId(id)}`;
  const message = `conflict: unable to remove repository reference ${JSON.stringify(text)} (must force) - ${container}`;
  return new EngineError('conflict', message);
}

/** At most one tag, and every name by digest in the tag's repository (or in one repository where there is no tag). */
function isSingleName(names: readonly ReferenceRecord[]): boolean {
  if (names.length <= 1) return true;
  const tags = names.filter(({ reference }) => !isDigested(reference));
  const repositories = new Set(names.map(({ reference }) => canonicalName(reference)));
  return tags.length <= 1 && repositories.size === 1;
}

/** Names by digest that go with a repository's last tag. */
function orphanedDigests(all: readonly ReferenceRecord[], name: ReferenceRecord): ReferenceRecord[] {
  if (isDigested(name.reference)) return [];
  const siblings = all.filter(
    ({ reference }) =>
      referenceKey(reference) !== referenceKey(name.reference) && sameRepository(reference, name.reference),
  );
  return siblings.every(({ reference }) => isDigested(reference)) ? siblings : [];
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asDiffId, asImageId, type ChainId, type DiffId, digestOf, type ImageId } from '../formats/digest.ts';
import { familiarString, parseReference } from '../formats/reference.ts';
import type { Catalog } from './catalog.ts';
import { type ImageRecord, layersOf } from './image-record.ts';
import type { ReferenceRecord } from './reference-record.ts';
import { type ImageUser, planRemoval, type RemovalStep } from './removal.ts';

interface Shape {
  readonly layers: readonly string[];
  readonly names?: readonly string[];
  readonly parent?: string;
}

const idOf = (name: string): ImageId => asImageId(digestOf(name));
const diffOf = (name: string): DiffId => asDiffId(digestOf(`layer ${name}`));
const DIGEST = digestOf('manifest');

/** A catalog of images by nickname. */
function catalogOf(shapes: Readonly<Record<string, Shape>>): Catalog {
  const images = new Map<ImageId, ImageRecord>();
  const references = new Map<ImageId, ReferenceRecord[]>();
  const children = new Map<ImageId, ImageId[]>();
  const layers = new Map();
  for (const [nick, { layers: stack, names = [], parent }] of Object.entries(shapes)) {
    const id = idOf(nick);
    const target = { mediaType: 'm', digest: digestOf(`manifest ${nick}`), size: 1 };
    const record: ImageRecord = {
      id,
      configSize: 1,
      manifests: [target],
      diffIds: stack.map(diffOf),
      platform: { os: 'linux', architecture: 'amd64' },
      labels: {},
      ...(parent !== undefined && { parent: idOf(parent) }),
      size: 0,
      addedAt: '2024-01-01T00:00:00Z',
    };
    images.set(id, record);
    const records = names.map((name) => ({
      reference: parseReference(name),
      target,
      image: id,
      taggedAt: '',
    }));
    references.set(id, records);
    if (parent !== undefined) children.set(idOf(parent), [...(children.get(idOf(parent)) ?? []), id]);
    for (const chainId of layersOf(record)) layers.set(chainId, {});
  }
  return { images, references, children, layers };
}

interface Situation {
  readonly force?: boolean;
  readonly noPrune?: boolean;
  readonly users?: Readonly<Record<string, readonly ImageUser[]>>;
  readonly held?: readonly ChainId[];
}

/** The plan as Docker's answer, images by nickname, layers by how many there are below. */
function remove(shapes: Readonly<Record<string, Shape>>, text: string, situation: Situation = {}): string[] {
  const catalog = catalogOf(shapes);
  const nicknames = new Map(Object.keys(shapes).map((nick) => [idOf(nick), nick]));
  const nick = Object.keys(shapes).find((each) => each === text.slice(3));
  const byId = text.startsWith('id:') && nick !== undefined;
  const names = [...catalog.references.values()].flat();
  const name = names.find(({ reference }) => familiarString(reference) === text);
  const image = catalog.images.get(byId ? idOf(nick) : (name?.image ?? idOf('')));
  assert.ok(image, `${text} is in the catalog`);
  const found = name
    ? ({ by: 'reference', image, name: { ...name } } as const)
    : ({ by: 'id', image } as const);
  const steps = planRemoval(
    {
      catalog,
      usersOf: (id) => situation.users?.[nicknames.get(id) ?? ''] ?? [],
      layerHeld: (layer) => situation.held?.includes(layer) ?? false,
    },
    {
      found,
      text: byId ? image.id.slice(7, 19) : text,
      force: situation.force ?? false,
      pruneParents: !situation.noPrune,
    },
  );
  return steps.map((step) => describe(step, nicknames));
}

function describe(step: RemovalStep, nicknames: ReadonlyMap<ImageId, string>): string {
  if (step.kind === 'untag') return `untag ${familiarString(step.name.reference).replace(DIGEST, 'D')}`;
  return `delete ${nicknames.get(step.image)} layers ${step.layers.length}`;
}

const RUNNING = [{ containerId: 'c'.repeat(64), running: true }];
const STOPPED = [{ containerId: 'd'.repeat(64), running: false }];
const BOX = { layers: ['1', '2'], names: ['box:1', `box@${DIGEST}`] };

const rows: {
  name: string;
  images: Readonly<Record<string, Shape>>;
  remove: string;
  in?: Situation;
  want: string[];
}[] = [
  {
    name: 'the last tag takes the digest and the image along',
    images: { box: BOX },
    remove: 'box:1',
    want: ['untag box:1', 'untag box@D', 'delete box layers 2'],
  },
  {
    name: 'another tag of the repository keeps digest and image',
    images: { box: { ...BOX, names: ['box:1', 'box:2', `box@${DIGEST}`] } },
    remove: 'box:1',
    want: ['untag box:1'],
  },
  {
    name: 'a tag of another repository keeps the image, not the digest',
    images: { box: { ...BOX, names: ['box:1', `box@${DIGEST}`, 'other:1'] } },
    remove: 'box:1',
    want: ['untag box:1', 'untag box@D'],
  },
  {
    name: 'by digest only that name goes',
    images: { box: BOX },
    remove: `box@${DIGEST}`,
    want: ['untag box@D'],
  },
  {
    name: 'by ID all names of one repository go',
    images: { box: BOX },
    remove: 'id:box',
    want: ['untag box:1', 'untag box@D', 'delete box layers 2'],
  },
  {
    name: 'by ID and force all names go',
    images: { box: { ...BOX, names: ['box:1', 'other:1'] } },
    remove: 'id:box',
    in: { force: true },
    want: ['untag box:1', 'untag other:1', 'delete box layers 2'],
  },
  {
    name: 'layers of other images stay',
    images: { box: BOX, app: { layers: ['1', '3'], names: ['app:1'] } },
    remove: 'app:1',
    want: ['untag app:1', 'delete app layers 1'],
  },
  {
    name: 'an image whose layers are all below another one deletes none',
    images: { box: BOX, app: { layers: ['1', '2', '3'], names: ['app:1'] } },
    remove: 'box:1',
    want: ['untag box:1', 'untag box@D', 'delete box layers 0'],
  },
  {
    name: 'by force although a stopped container uses it; its layers stay',
    images: { box: BOX },
    remove: 'box:1',
    in: { force: true, users: { box: STOPPED }, held: layersOf({ diffIds: [diffOf('1'), diffOf('2')] }) },
    want: ['untag box:1', 'untag box@D', 'delete box layers 0'],
  },
  {
    name: 'by force only the name goes while a container runs',
    images: { box: BOX },
    remove: 'box:1',
    in: { force: true, users: { box: RUNNING } },
    want: ['untag box:1', 'untag box@D'],
  },
  {
    name: 'a used image loses one of two names',
    images: { box: { ...BOX, names: ['box:1', 'box:2'] } },
    remove: 'box:1',
    in: { users: { box: RUNNING } },
    want: ['untag box:1'],
  },
  {
    name: 'parents without name go along',
    images: {
      base: { layers: ['1'], names: ['base:1'] },
      mid: { layers: ['1', '2'], parent: 'base' },
      top: { layers: ['1', '2', '3'], names: ['top:1'], parent: 'mid' },
    },
    remove: 'top:1',
    want: ['untag top:1', 'delete top layers 1', 'delete mid layers 1'],
  },
  {
    name: 'parents stay when asked to',
    images: { mid: { layers: ['1'] }, top: { layers: ['1', '2'], names: ['top:1'], parent: 'mid' } },
    remove: 'top:1',
    in: { noPrune: true },
    want: ['untag top:1', 'delete top layers 1'],
  },
  {
    name: 'a parent with another child stays',
    images: {
      mid: { layers: ['1'] },
      top: { layers: ['1', '2'], names: ['top:1'], parent: 'mid' },
      twin: { layers: ['1', '3'], names: ['twin:1'], parent: 'mid' },
    },
    remove: 'top:1',
    want: ['untag top:1', 'delete top layers 1'],
  },
  {
    name: 'an image with children loses only its name',
    images: { base: { layers: ['1'], names: ['base:1'] }, top: { layers: ['1', '2'], parent: 'base' } },
    remove: 'base:1',
    want: ['untag base:1'],
  },
];

test('removing does what dockerd does', () => {
  for (const row of rows) assert.deepEqual(remove(row.images, row.remove, row.in), row.want, row.name);
});

test('conflicts are told in Docker’s words', () => {
  const short = idOf('box').slice(7, 19);
  const conflicts: { name: string; box?: Shape; remove: string; in?: Situation; want: string }[] = [
    {
      name: 'last name, used',
      remove: 'box:1',
      in: { users: { box: STOPPED } },
      want: `conflict: unable to remove repository reference "box:1" (must force) - container dddddddddddd is using its referenced image ${short}`,
    },
    {
      name: 'by ID, several repositories',
      box: { ...BOX, names: ['box:1', 'other:1'] },
      remove: 'id:box',
      want: `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
    },
    {
      name: 'by ID, running',
      remove: 'id:box',
      in: { force: true, users: { box: RUNNING } },
      want: `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container cccccccccccc`,
    },
    {
      name: 'by ID, stopped',
      remove: 'id:box',
      in: { users: { box: STOPPED } },
      want: `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container dddddddddddd`,
    },
  ];
  for (const row of conflicts) {
    assert.throws(
      () => remove({ box: row.box ?? BOX }, row.remove, row.in),
      { kind: 'conflict', message: row.want },
      row.name,
    );
  }
  assert.throws(
    () =>
      remove({ box: { layers: ['1'] }, top: { layers: ['1', '2'], parent: 'box' } }, 'id:box', {
        force: true,
      }),
    {
      kind: 'conflict',
      message: `conflict: unable to delete ${short} (cannot be forced) - image has dependent child images`,
    },
  );
});

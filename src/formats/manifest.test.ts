import assert from 'node:assert/strict';
import { test } from 'node:test';
import { descriptorJson, parseDescriptor } from './descriptor.ts';
import { digestOf } from './digest.ts';
import { parseManifest } from './manifest.ts';
import {
  DOCKER_CONFIG,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from './media-types.ts';

const digest = digestOf('x');
const config = { mediaType: OCI_CONFIG, digest, size: 10 };
const layer = { mediaType: OCI_LAYER_GZIP, digest, size: 20 };
const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] };
const platform = {
  os: 'linux',
  architecture: 'arm',
  variant: 'v7',
  'os.version': '10',
  'os.features': ['a'],
};
const entry = { mediaType: OCI_MANIFEST, digest, size: 30, platform };
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] };

function parse(json: unknown, declared?: string): ReturnType<typeof parseManifest> {
  return parseManifest(Buffer.from(JSON.stringify(json)), declared, 'm');
}

test('an image', () => {
  assert.deepEqual(parse({ ...image, annotations: { a: 'b' } }, OCI_MANIFEST), {
    kind: 'manifest',
    mediaType: OCI_MANIFEST,
    config,
    layers: [layer],
    annotations: { a: 'b' },
  });
});

test('an index, with its platforms', () => {
  const parsed = parse(index);
  assert.ok(parsed.kind === 'index');
  assert.deepEqual(parsed.manifests[0]?.platform, {
    os: 'linux',
    architecture: 'arm',
    variant: 'v7',
    osVersion: '10',
    osFeatures: ['a'],
  });
  assert.deepEqual(parsed.manifests[0] && descriptorJson(parsed.manifests[0]), entry);
});

const TYPES: { name: string; json: object; declared?: string; want: string }[] = [
  { name: "the document's own word", json: image, want: OCI_MANIFEST },
  {
    name: 'the announced type for want of it',
    json: { ...image, mediaType: undefined },
    declared: DOCKER_MANIFEST,
    want: DOCKER_MANIFEST,
  },
  {
    name: 'the own word over an unknown announced type',
    json: image,
    declared: 'text/plain',
    want: OCI_MANIFEST,
  },
  { name: 'an index by its fields', json: { schemaVersion: 2, manifests: [] }, want: OCI_INDEX },
  { name: 'an image by its fields', json: { ...image, mediaType: undefined }, want: OCI_MANIFEST },
  {
    name: "Docker's image by its fields",
    json: {
      schemaVersion: 2,
      config: { ...config, mediaType: DOCKER_CONFIG },
      layers: [{ ...layer, mediaType: DOCKER_LAYER_GZIP }],
    },
    want: DOCKER_MANIFEST,
  },
  {
    name: 'a manifest list',
    json: { ...index, mediaType: DOCKER_MANIFEST_LIST },
    want: DOCKER_MANIFEST_LIST,
  },
];
for (const { name, json, declared, want } of TYPES) {
  test(`media type: ${name}`, () => assert.equal(parse(json, declared).mediaType, want));
}

const BAD: { name: string; json: unknown; declared?: string; kind?: string; want: RegExp }[] = [
  { name: 'null', json: null, want: /^m: expected an object, got null$/ },
  {
    name: 'schema version',
    json: { ...image, schemaVersion: '2' },
    want: /schemaVersion: expected 2, got "2"/,
  },
  { name: 'schema 1', json: { schemaVersion: 1 }, kind: 'not-implemented', want: /schema 1/ },
  { name: 'ambiguous image', json: { ...image, manifests: [] }, want: /ambiguous manifest/ },
  { name: 'ambiguous index', json: { ...index, layers: [] }, want: /ambiguous manifest/ },
  { name: 'two opinions', json: index, declared: OCI_MANIFEST, want: /announced as/ },
  {
    name: 'no config',
    json: { ...image, config: undefined },
    want: /^m: config: expected an object, got nothing$/,
  },
  { name: 'no layers', json: { ...image, layers: 7 }, want: /^m: layers: expected an array, got 7$/ },
  { name: 'huge', json: { ...image, layers: [{ ...layer, size: 2 ** 52 }] }, want: /no possible size/ },
  { name: 'fraction', json: { ...image, layers: [{ ...layer, size: 1.5 }] }, want: /layers\[0\]\.size/ },
  { name: 'many', json: { ...image, layers: Array(5000).fill(layer) }, want: /5000 entries \(at most 4096/ },
  {
    name: 'annotation',
    json: { ...image, annotations: { a: 1 } },
    want: /annotations\["a"\]: expected a string, got 1/,
  },
  {
    name: 'other spelling',
    json: { ...image, config: undefined, Config: config },
    want: /config: expected an object/,
  },
];
for (const { name, json, declared, kind = 'invalid', want } of BAD) {
  test(`refuses: ${name}`, () => assert.throws(() => parse(json, declared), { kind, message: want }));
}

test('bytes that are no UTF-8 are no JSON', () => {
  assert.throws(() => parseManifest(Buffer.from([0x7b, 0xff, 0x7d]), undefined, 'm'), /m: not JSON/);
});

test('a descriptor names the field that is wrong', () => {
  for (const [field, value] of [
    ['mediaType', 1],
    ['digest', 'md5:x'],
    ['size', null],
    ['urls', 'x'],
    ['platform', { os: 'linux' }],
  ] as const) {
    assert.throws(() => parseDescriptor({ ...layer, [field]: value }, 'd'), {
      kind: 'invalid',
      message: new RegExp(`^d\\.${field}`),
    });
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Descriptor } from '../formats/descriptor.ts';
import { digestOf } from '../formats/digest.ts';
import type { ImageIndex } from '../formats/manifest.ts';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../formats/media-types.ts';
import { parsePlatform } from '../formats/platform.ts';
import { chooseManifest } from './choose.ts';

/** An index whose entries are described by `OS/ARCH[/VARIANT]`, `-` for none. */
function indexOf(...entries: string[]): ImageIndex {
  const manifests = entries.map((text, i): Descriptor => {
    const [os = '', architecture = '', variant] = text.split('/');
    const platform = { os, architecture, ...(variant !== undefined && { variant }) };
    const common = { mediaType: OCI_MANIFEST, digest: digestOf(`${i}`), size: i + 1 };
    return text === '-' ? common : { ...common, platform };
  });
  return { kind: 'index', mediaType: OCI_INDEX, manifests };
}

const ROWS: { name: string; entries: string[]; wanted: string; want: number }[] = [
  { name: 'the platform itself', entries: ['linux/386', 'linux/amd64'], wanted: 'linux/amd64', want: 1 },
  {
    name: 'the best of two variants',
    entries: ['linux/arm/v5', 'linux/arm/v7', 'linux/arm/v6'],
    wanted: 'linux/arm/v7',
    want: 1,
  },
  {
    name: 'the next lower variant',
    entries: ['linux/arm/v5', 'linux/arm/v6'],
    wanted: 'linux/arm/v7',
    want: 1,
  },
  {
    name: 'never a higher variant',
    entries: ['linux/amd64/v3', 'linux/amd64'],
    wanted: 'linux/amd64',
    want: 1,
  },
  {
    name: 'the higher variant when asked for',
    entries: ['linux/amd64', 'linux/amd64/v2'],
    wanted: 'linux/amd64/v3',
    want: 1,
  },
  {
    name: 'arm64 with and without v8 are one',
    entries: ['linux/amd64', 'linux/arm64'],
    wanted: 'linux/arm64/v8',
    want: 1,
  },
  { name: 'the first of equals', entries: ['linux/arm64/v8', 'linux/arm64'], wanted: 'linux/arm64', want: 0 },
  { name: '32 bits for want of 64', entries: ['linux/s390x', 'linux/386'], wanted: 'linux/amd64', want: 1 },
  {
    name: 'an attestation is no image',
    entries: ['unknown/unknown', 'linux/amd64'],
    wanted: 'linux/amd64',
    want: 1,
  },
  {
    name: 'an entry without platform stands in',
    entries: ['linux/s390x', '-'],
    wanted: 'linux/amd64',
    want: 1,
  },
];
for (const { name, entries, wanted, want } of ROWS) {
  test(`chooses: ${name}`, () => {
    assert.equal(chooseManifest(indexOf(...entries), parsePlatform(wanted)).size, want + 1);
  });
}

test('what is offered is named when nothing fits', () => {
  const index = indexOf('linux/amd64', 'linux/arm/v7', 'unknown/unknown', 'linux/amd64');
  assert.throws(() => chooseManifest(index, parsePlatform('linux/s390x')), {
    kind: 'not-found',
    message: 'no matching manifest for linux/s390x in the manifest list entries: linux/amd64, linux/arm/v7',
  });
  assert.throws(() => chooseManifest(indexOf(), parsePlatform('linux/arm64')), /list entries: none$/);
});

test('artifacts and unknown documents are passed over', () => {
  const [image] = indexOf('linux/amd64').manifests;
  assert.ok(image);
  const manifests = [
    { ...image, artifactType: 'application/x' },
    { ...image, mediaType: 'application/x' },
    { ...image, mediaType: DOCKER_MANIFEST },
  ];
  const index: ImageIndex = { kind: 'index', mediaType: OCI_INDEX, manifests };
  assert.equal(chooseManifest(index, parsePlatform('linux/amd64')).mediaType, DOCKER_MANIFEST);
});

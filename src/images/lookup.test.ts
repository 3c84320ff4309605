import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../base/log.ts';
import { asImageId, digestOf, type ImageId, parseDigest } from '../formats/digest.ts';
import { OCI_MANIFEST } from '../formats/media-types.ts';
import { parseReference } from '../formats/reference.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { IMAGES } from './image-record.ts';
import { findImage } from './lookup.ts';
import { putReference } from './put.ts';

const idOf = (start: string): ImageId => asImageId(parseDigest(`sha256:${start.padEnd(64, '0')}`));
const TARGET = { mediaType: OCI_MANIFEST, digest: digestOf('manifest'), size: 7 };

async function withImages(
  images: Readonly<Record<string, readonly string[]>>,
  run: (store: Store) => void,
): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'gantry-images-'));
  const store = await openStore(path, silentLog);
  try {
    await store.transaction((tx) => {
      for (const [start, names] of Object.entries(images)) {
        const id = idOf(start);
        tx.put(IMAGES, id, {
          id,
          configSize: 1,
          manifests: [TARGET],
          diffIds: [],
          platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
          createdAt: '2024-01-01T00:00:00Z',
          labels: { a: 'b' },
          size: 0,
          addedAt: '2024-01-01T00:00:00Z',
        });
        for (const name of names) putReference(tx, parseReference(name), TARGET, id);
      }
    });
    run(store);
  } finally {
    await store.close();
    rmSync(path, { recursive: true });
  }
}

const IMAGE_NAMES = {
  abc1: ['busybox:latest', 'quay.io/me/app:2', `busybox@${TARGET.digest}`],
  abc2: ['abc1:latest'],
  def: [],
};

test('an image is found by name, ID and beginning of the ID', () =>
  withImages(IMAGE_NAMES, (store) => {
    const rows: { name: string; in: string; want: string; by: 'reference' | 'id' }[] = [
      { name: 'name', in: 'busybox', want: 'abc1', by: 'reference' },
      { name: 'name and tag', in: 'docker.io/library/busybox:latest', want: 'abc1', by: 'reference' },
      { name: 'other registry', in: 'quay.io/me/app:2', want: 'abc1', by: 'reference' },
      { name: 'digest', in: `busybox@${TARGET.digest}`, want: 'abc1', by: 'reference' },
      {
        name: 'tag and digest: the digest decides',
        in: `busybox:9@${TARGET.digest}`,
        want: 'abc1',
        by: 'reference',
      },
      { name: 'whole ID', in: idOf('abc1'), want: 'abc1', by: 'id' },
      { name: 'whole ID without algorithm', in: idOf('abc1').slice(7), want: 'abc1', by: 'id' },
      { name: 'beginning', in: 'de', want: 'def', by: 'id' },
      { name: 'beginning with algorithm', in: 'sha256:abc2', want: 'abc2', by: 'id' },
      { name: 'a name comes before the beginning of an ID', in: 'abc1', want: 'abc2', by: 'reference' },
    ];
    for (const row of rows) {
      const found = findImage(store, row.in);
      assert.equal(found.image.id, idOf(row.want), row.name);
      assert.equal(found.by, row.by, row.name);
    }
    assert.deepEqual(findImage(store, 'def').image, {
      id: idOf('def'),
      configSize: 1,
      manifests: [TARGET],
      diffIds: [],
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
      createdAt: '2024-01-01T00:00:00Z',
      labels: { a: 'b' },
      size: 0,
      addedAt: '2024-01-01T00:00:00Z',
    });
  }));

test('what is not there is told as Docker tells it', () =>
  withImages(IMAGE_NAMES, (store) => {
    const rows: { in: string; kind: string; want: string | RegExp }[] = [
      { in: 'nope', kind: 'not-found', want: 'No such image: nope:latest' },
      { in: 'me/nope:1', kind: 'not-found', want: 'No such image: me/nope:1' },
      { in: 'fff', kind: 'not-found', want: 'No such image: fff:latest' },
      { in: idOf('fff'), kind: 'not-found', want: `No such image: ${idOf('fff')}` },
      { in: idOf('fff').slice(7), kind: 'not-found', want: `No such image: ${idOf('fff')}` },
      {
        in: 'abc',
        kind: 'not-found',
        want: /^No such image: abc: the ID is ambiguous: sha256:abc1.*, sha256:abc2/,
      },
      { in: 'Nope', kind: 'invalid', want: /invalid reference format/ },
      { in: '', kind: 'invalid', want: /invalid reference format/ },
    ];
    for (const row of rows) {
      assert.throws(() => findImage(store, row.in), { kind: row.kind, message: row.want }, row.in);
    }
  }));

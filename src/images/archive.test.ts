import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../formats/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../formats/media-types.ts';
import { familiarString } from '../formats/reference.ts';
import type { TarEntry } from '../formats/tar-entry.ts';
import { ArchiveMembers } from './archive-members.ts';
import { parseDockerManifest } from './docker-archive.ts';
import { parseLayoutIndex } from './oci-layout.ts';

function entry(name: string, type: TarEntry['type'] = 'file', linkname = ''): TarEntry {
  const zero = { sec: 0, nsec: 0 };
  const owner = { mode: 0, uid: 0, gid: 0, major: 0, minor: 0, uname: '', gname: '' };
  return { name, type, size: 1, mtime: zero, linkname, xattrs: [], ...owner };
}

test('members are found in any order, through links, however their names are spelled', () => {
  const members = new ArchiveMembers();
  members.add(entry('./b/layer.tar', 'symlink', '../a/layer.tar'), 0);
  members.add(entry('c//layer.tar', 'hardlink', './b/layer.tar'), 0);
  members.add(entry('a/', 'directory'), 0);
  members.add(entry('/a/layer.tar'), 512);
  for (const name of ['a/layer.tar', 'b/layer.tar', './c/layer.tar', 'c/../a/layer.tar']) {
    assert.deepEqual(members.find(name, 'test'), { name: 'a/layer.tar', offset: 512, size: 1 }, name);
  }
});

test('hostile members are refused by name', () => {
  const rows: { name: string; in: TarEntry[]; want: RegExp }[] = [
    { name: 'path out', in: [entry('../x')], want: /entry "\.\.\/x": "\.\.\/x" leads out of the archive/ },
    { name: 'deep path out', in: [entry('a/../../x')], want: /leads out of the archive/ },
    {
      name: 'link out',
      in: [entry('a/l', 'symlink', '../../etc/passwd')],
      want: /entry "a\/l": .* leads out/,
    },
    {
      name: 'absolute link',
      in: [entry('l', 'symlink', '/etc/shadow')],
      want: /entry "l": it links to "\/etc\/shadow", outside/,
    },
    { name: 'hard link out', in: [entry('l', 'hardlink', '../x')], want: /entry "l": .* leads out/ },
    { name: 'twice', in: [entry('a'), entry('./a')], want: /entry "\.\/a": the archive has it twice/ },
    { name: 'device', in: [entry('d', 'char')], want: /entry "d": a char has no place/ },
    { name: 'fifo', in: [entry('f', 'fifo')], want: /entry "f": a fifo has no place/ },
    { name: 'sparse', in: [{ ...entry('s'), sparse: [] }], want: /entry "s": sparse files/ },
    { name: 'no name', in: [entry('./')], want: /is no name of a file/ },
  ];
  for (const row of rows) {
    const members = new ArchiveMembers();
    assert.throws(
      () => {
        for (const each of row.in) members.add(each, 0);
      },
      { kind: 'invalid', message: row.want },
      row.name,
    );
  }
  const circle = new ArchiveMembers();
  circle.add(entry('a', 'symlink', 'b'), 0);
  circle.add(entry('b', 'symlink', 'a'), 0);
  assert.throws(() => circle.find('a', 'test'), { message: /entry "a": its links lead in a circle/ });
  assert.throws(() => circle.find('nope', 'manifest.json[0].Config'), {
    message: 'image archive: entry "nope": manifest.json[0].Config: the archive does not have it',
  });
});

test('manifest.json is read as Docker writes it', () => {
  const images = parseDockerManifest(
    Buffer.from(
      JSON.stringify([
        { Config: 'a.json', RepoTags: ['busybox:1', 'quay.io/x/y:2'], Layers: ['1/layer.tar'] },
        { Config: 'b.json', RepoTags: null, Layers: null, Parent: digestOf('p') },
      ]),
    ),
  );
  assert.deepEqual(
    images.map(({ names, ...rest }) => ({ ...rest, names: names.map(familiarString) })),
    [
      { config: 'a.json', layers: ['1/layer.tar'], names: ['busybox:1', 'quay.io/x/y:2'] },
      { config: 'b.json', layers: [], names: [], parent: digestOf('p') },
    ],
  );
});

test('a malformed manifest.json is refused, naming the field', () => {
  const rows: [json: string, want: RegExp][] = [
    ['{}', /^manifest\.json: expected an array/],
    ['[{"Config":1}]', /^manifest\.json\[0\]\.Config: expected a string, got 1/],
    ['[{"Config":"a","RepoTags":["A B"]}]', /^manifest\.json\[0\]\.RepoTags\[0\]: "A B" is no image name/],
    [`[{"Config":"a","RepoTags":["a@${digestOf('x')}"]}]`, /is no image name/],
    ['[{"Config":"a","Layers":{}}]', /^manifest\.json\[0\]\.Layers: expected an array/],
    ['nonsense', /^manifest\.json: not JSON/],
  ];
  for (const [json, want] of rows) {
    assert.throws(() => parseDockerManifest(Buffer.from(json)), { kind: 'invalid', message: want }, json);
  }
});

test('index.json: names, platforms of one name, artifacts left out', () => {
  const manifest = (name: string, more: object): object => ({
    mediaType: OCI_MANIFEST,
    digest: digestOf(name),
    size: 1,
    ...more,
  });
  const named = (full?: string, ref?: string): object => ({
    annotations: {
      ...(full && { 'io.containerd.image.name': full }),
      ...(ref && { 'org.opencontainers.image.ref.name': ref }),
    },
  });
  const amd = { platform: { os: 'linux', architecture: 'amd64' } };
  const arm = { platform: { os: 'linux', architecture: 'arm64' } };
  const index = {
    schemaVersion: 2,
    manifests: [
      manifest('one', named('docker.io/library/one:1', '1')),
      manifest('one', named('docker.io/me/uno:latest')),
      manifest('two', named(undefined, 'two:2')),
      manifest('tag', named(undefined, 'latest')),
      manifest('multi arm', { ...named('multi:1'), ...arm }),
      manifest('multi amd', { ...named('multi:1'), ...amd }),
      manifest('proof', { platform: { os: 'unknown', architecture: 'unknown' } }),
      manifest('chart', { artifactType: 'application/x' }),
      { ...manifest('other', {}), mediaType: 'application/x' },
    ],
  };
  const wanted = { os: 'linux', architecture: 'arm64', variant: 'v8' };
  const entries = parseLayoutIndex(Buffer.from(JSON.stringify(index)), wanted);
  assert.deepEqual(
    entries.map(({ descriptor, names }) => [descriptor.digest, names.map(familiarString)]),
    [
      [digestOf('tag'), []],
      [digestOf('one'), ['one:1', 'me/uno:latest']],
      [digestOf('two'), ['two:2']],
      [digestOf('multi arm'), ['multi:1']],
    ],
  );
});

test('CVE-2021-41190: an index that could also be a manifest is refused', () => {
  const both = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], config: {}, layers: [] };
  assert.throws(
    () => parseLayoutIndex(Buffer.from(JSON.stringify(both)), { os: 'linux', architecture: 'amd64' }),
    { kind: 'invalid', message: /ambiguous manifest/ },
  );
});

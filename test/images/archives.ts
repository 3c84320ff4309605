import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeImage, type TestImage } from '../support/image.ts';

/** A file of an archive: its bytes, or what it links to. */
export type ArchiveFile = Buffer | string | { readonly link: string };

/** A tar of files in just the order given; a name may occur twice. */
export function archiveOf(files: readonly (readonly [name: string, file: ArchiveFile])[]): Buffer {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-archive-'));
  const out = join(dir, 'out.tar');
  try {
    for (const [i, [name, file]] of files.entries()) {
      const base = join(dir, String(i));
      const path = join(base, name);
      mkdirSync(dirname(path), { recursive: true });
      if (typeof file === 'object' && 'link' in file) symlinkSync(file.link, path);
      else writeFileSync(path, file);
      execFileSync('tar', ['-rf', out, '--owner=0', '--group=0', '--mtime=@0', '-C', base, name]);
    }
    return execFileSync('cat', [out], { maxBuffer: 1 << 30 });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** An image of uncompressed layers, and its files as `docker save` before version 25 lays them out. */
export function classicArchive(
  name: string,
  layers: readonly Readonly<Record<string, string>>[],
): { image: TestImage; files: [string, ArchiveFile][] } {
  const image = makeImage({ layers, compress: false });
  const config = `${image.config.digest.slice(7)}.json`;
  const paths = image.layers.map((_, i) => `${String(i).repeat(64)}/layer.tar`);
  const manifest = [{ Config: config, RepoTags: [name], Layers: paths }];
  const files: [string, ArchiveFile][] = [
    ...image.layers.map((layer, i): [string, ArchiveFile] => [paths[i] ?? '', layer.bytes]),
    [config, image.config.bytes],
    ['manifest.json', JSON.stringify(manifest)],
  ];
  return { image, files };
}

/** One chunk after another, as a request's body comes. */
export async function* streamOf(bytes: Buffer, chunk = 40_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
}

/** Writes dist/hello.tar, the starter image: one static program, as a `docker load`-able archive. The same bytes every time. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TAR_END, tarHeader, tarPaddingBytes } from '../src/formats/tar-writer.ts';

const ROOT = join(import.meta.dirname, '..');
const CREATED = '2026-01-01T00:00:00Z';

function member(name: string, data: Buffer, mode: number): Buffer {
  const header = tarHeader({
    name,
    type: 'file',
    mode,
    uid: 0,
    gid: 0,
    size: data.length,
    mtime: { sec: Date.parse(CREATED) / 1000, nsec: 0 },
    linkname: '',
    major: 0,
    minor: 0,
    xattrs: [],
    uname: '',
    gname: '',
  });
  return Buffer.concat([header, data, tarPaddingBytes(data.length)]);
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

const layer = Buffer.concat([member('hello', readFileSync(join(ROOT, 'dist/hello')), 0o755), TAR_END]);
const config = Buffer.from(
  JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created: CREATED,
    config: { Cmd: ['/hello'], Env: ['PATH=/'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created: CREATED, created_by: 'COPY hello /' }],
  }),
);
const configName = `${sha256(config)}.json`;
const manifest = Buffer.from(
  JSON.stringify([{ Config: configName, RepoTags: ['hello:latest'], Layers: ['layer.tar'] }]),
);
writeFileSync(
  join(ROOT, 'dist/hello.tar'),
  Buffer.concat([
    member('manifest.json', manifest, 0o644),
    member(configName, config, 0o644),
    member('layer.tar', layer, 0o644),
    TAR_END,
  ]),
);

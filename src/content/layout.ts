import { link, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from '../base/errors.ts';
import { type Digest, isDigest, splitDigest } from '../formats/digest.ts';
import { OCI_INDEX } from '../formats/media-types.ts';

const ALGORITHMS = ['sha256', 'sha512'] as const;
/** Files of writers that do not know their digest yet; nobody can resume them. */
const TEMPORARY = 'new-';

/** Names of files in an OCI image layout (image-spec, image-layout.md), plus `ingest/` for what is not whole yet. */
export class ContentLayout {
  readonly root: string;
  #counter = 0;

  constructor(root: string) {
    this.root = root;
  }

  /** Creates what is missing and removes what a killed writer left. */
  async prepare(): Promise<void> {
    for (const dir of [this.ingestDir, ...ALGORITHMS.map((name) => this.#blobDir(name))]) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
    }
    await writeIfMissing(join(this.root, 'oci-layout'), { imageLayoutVersion: '1.0.0' });
    // The specification wants an index; images are recorded in the metadata store, so it stays empty.
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
    await writeIfMissing(join(this.root, 'index.json'), index);
    for (const name of await readdir(this.ingestDir)) {
      if (await this.#isLeftOver(name)) await rm(join(this.ingestDir, name), { force: true });
    }
  }

  /** A writer's temporary file, or the second name of a blob whose commit was cut short after the link. */
  async #isLeftOver(name: string): Promise<boolean> {
    if (name.startsWith(TEMPORARY)) return true;
    const digest = this.digestOfIngest(name);
    return digest !== undefined && (await fileInfo(this.blob(digest))) !== undefined;
  }

  /** What the partial download called `name` will be; undefined for a writer's temporary file. */
  digestOfIngest(name: string): Digest | undefined {
    return ALGORITHMS.map((algorithm) => `${algorithm}:${name}`).find(isDigest);
  }

  get ingestDir(): string {
    return join(this.root, 'ingest');
  }

  blob(digest: Digest): string {
    const [algorithm, hex] = splitDigest(digest);
    return join(this.#blobDir(algorithm), hex);
  }

  ingest(digest: Digest): string {
    return join(this.ingestDir, splitDigest(digest)[1]);
  }

  temporary(): string {
    return join(this.ingestDir, `${TEMPORARY}${++this.#counter}`);
  }

  /**
   * Gives the verified file at `path` its name among the blobs. Flushed, linked, name flushed: a power cut leaves the file
   * under `ingest/` or the whole blob. The old name stays until the caller removes it. Somebody having done it is fine.
   */
  async place(digest: Digest, path: string): Promise<void> {
    const target = this.blob(digest);
    try {
      const file = await open(path, 'r');
      await file.datasync().finally(() => file.close());
      await link(path, target).catch((error: unknown) => {
        if (errorCode(error) !== 'EEXIST') throw error;
      });
      await syncDirectory(dirname(target));
    } catch (error) {
      throw diskError(error, `cannot store ${digest}`);
    }
  }

  /** Digests of all files under `blobs/` that are named like one. */
  async *digests(): AsyncGenerator<Digest> {
    for (const algorithm of ALGORITHMS) {
      for (const hex of await readdir(this.#blobDir(algorithm))) {
        const digest = `${algorithm}:${hex}`;
        if (isDigest(digest)) yield digest;
      }
    }
  }

  #blobDir(algorithm: string): string {
    return join(this.root, 'blobs', algorithm);
  }
}

/** `fsync` of a directory: makes a rename or a new name in it survive a power cut. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Size and time of a regular file, undefined when there is none. */
export async function fileInfo(path: string): Promise<{ size: number; modifiedAt: number } | undefined> {
  try {
    const found = await stat(path);
    return { size: found.size, modifiedAt: found.mtimeMs };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw diskError(error, `cannot look at ${path}`);
  }
}

/** A failed file operation as `no-space`, `cancelled` or `system`; what is already an engine error stays itself. */
export function diskError(error: unknown, what: string): EngineError {
  if (error instanceof EngineError) return error;
  if (errorCode(error) === 'ABORT_ERR') {
    return new EngineError('cancelled', `${what}: the operation was cancelled`, { cause: error });
  }
  const full = ['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '');
  const message = `${what}: ${full ? 'no space left on device' : String(errorCode(error) ?? error)}`;
  return new EngineError(full ? 'no-space' : 'system', message, { cause: error });
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

async function writeIfMissing(path: string, json: unknown): Promise<void> {
  try {
    await writeFile(path, JSON.stringify(json), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw diskError(error, `cannot create ${path}`);
  }
}

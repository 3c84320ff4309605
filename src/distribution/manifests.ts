import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { type Digest, digestOf, isDigest, parseDigest } from '../formats/digest.ts';
import { MAX_MANIFEST_SIZE, parseManifest } from '../formats/manifest.ts';
import { MANIFEST_ACCEPT, manifestKind } from '../formats/media-types.ts';
import { familiarString, type Reference } from '../formats/reference.ts';
import { askAny, type Session } from './session.ts';
import { discard } from './transport/body.ts';
import type { Response } from './transport/transport.ts';

/** A manifest with its verified bytes. */
export interface FetchedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

const ACCEPT = { Accept: MANIFEST_ACCEPT };

/**
 * What the session's reference stands for. A tag takes a HEAD, so that an image that is here already is not fetched (and not
 * counted against a pull limit); where the HEAD says too little, and for a digest, the manifest itself is got.
 */
export async function resolveManifest(ctx: Ctx, session: Session): Promise<FetchedManifest | Descriptor> {
  const { tag = 'latest', digest } = session.reference;
  if (digest !== undefined) return fetchManifest(ctx, session, digest);
  const head = { method: 'HEAD', path: `manifests/${tag}`, headers: ACCEPT } as const;
  const asked = await askAny(ctx, session, head, async (response) => headDescriptor(response));
  const descriptor = 'value' in asked ? asked.value : undefined;
  // A HEAD has no body: what exactly is wrong only the GET says.
  return descriptor ?? fetchManifest(ctx, session, tag);
}

/** Gets a manifest by digest or tag. Verified against the digest, the announced digest and the expected size. */
export async function fetchManifest(
  ctx: Ctx,
  session: Session,
  key: string,
  expected?: Descriptor,
): Promise<FetchedManifest> {
  const what = manifestName(session.reference, key);
  if (expected && expected.size > MAX_MANIFEST_SIZE) throw tooLarge(what);
  const get = { method: 'GET', path: `manifests/${key}`, headers: ACCEPT } as const;
  const asked = await askAny(ctx, session, get, async (response): Promise<FetchedManifest> => {
    const bytes = await session.exchange.readBody(ctx, response, MAX_MANIFEST_SIZE);
    if (!bytes) throw tooLarge(what);
    const digest = verify(bytes, isDigest(key) ? key : announcedDigest(response), what);
    if (expected && expected.size !== bytes.byteLength) {
      const came = `${bytes.byteLength} bytes came, its descriptor says ${expected.size}`;
      throw new EngineError('data-loss', `${what}: ${came}`);
    }
    const { mediaType } = parseManifest(bytes, expected?.mediaType ?? contentType(response), what);
    return { descriptor: { mediaType, digest, size: bytes.byteLength }, bytes };
  });
  if ('refused' in asked) throw asked.refused;
  return asked.value;
}

/** The digest of the bytes, which must be `wanted` if there is one. */
function verify(bytes: Uint8Array, wanted: Digest | undefined, what: string): Digest {
  if (wanted?.startsWith('sha512:')) {
    throw new EngineError('not-implemented', `${what}: manifests are named by sha256 only, not ${wanted}`);
  }
  const found = digestOf(bytes);
  if (wanted !== undefined && wanted !== found) {
    const why = `the bytes have digest ${found}, not ${wanted}`;
    throw new EngineError('data-loss', `${what}: manifest verification failed: ${why}`);
  }
  return found;
}

/** The descriptor in a HEAD's headers, when they tell all of it. */
function headDescriptor(response: Response): Descriptor | undefined {
  discard(response.body);
  const digest = announcedDigest(response);
  const mediaType = contentType(response);
  const size = Number(response.headers['content-length'] ?? Number.NaN);
  const known = mediaType !== undefined && ['manifest', 'index'].includes(manifestKind(mediaType) ?? '');
  return digest && known && Number.isSafeInteger(size) && size > 0 ? { mediaType, digest, size } : undefined;
}

function announcedDigest({ headers }: Response): Digest | undefined {
  const header = headers['docker-content-digest'];
  return typeof header === 'string' ? parseDigest(header, 'Docker-Content-Digest header') : undefined;
}

function contentType({ headers }: Response): string | undefined {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase();
}

function manifestName(reference: Reference, key: string): string {
  const { domain, path } = reference;
  const part = isDigest(key) ? { domain, path, digest: key } : reference;
  return `manifest of ${familiarString(part)}`;
}

function tooLarge(what: string): EngineError {
  return new EngineError('invalid', `${what}: larger than ${MAX_MANIFEST_SIZE} bytes`);
}

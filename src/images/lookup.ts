import { EngineError } from '../base/errors.ts';
import { asImageId, type ImageId, isDigest } from '../formats/digest.ts';
import { familiarString, parseReference, type Reference, withDefaultTag } from '../formats/reference.ts';
import type { Reader } from '../store/store.ts';
import { IMAGES, type ImageRecord } from './image-record.ts';
import { REFERENCES, type ReferenceRecord, referenceKey } from './reference-record.ts';

/** An image and the words it was found by. */
export type FoundImage =
  | { readonly by: 'reference'; readonly image: ImageRecord; readonly name: ReferenceRecord }
  | { readonly by: 'id'; readonly image: ImageRecord };

const HEX = /^[0-9a-f]{1,64}$/;

/**
 * The image a user means by `text`: a whole ID with or without `sha256:`; a name, where no tag means `:latest`; or the
 * beginning of an ID that no other image's begins with. Throws `not-found` ("No such image: x:latest"), also when the
 * beginning fits several (then naming them), and `invalid` for what is neither name nor ID.
 */
export function findImage(read: Reader, text: string): FoundImage {
  const whole = /^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : text;
  if (isDigest(whole)) {
    const image = read.get(IMAGES, asImageId(whole));
    if (image) return { by: 'id', image };
    throw noSuchImage(whole);
  }
  const prefix = text.startsWith('sha256:') ? text.slice('sha256:'.length) : text;
  const reference = text === prefix ? tryReference(text) : undefined;
  const name = reference && read.get(REFERENCES, referenceKey(withDefaultTag(reference)));
  const named = name && read.get(IMAGES, name.image);
  if (name && named) return { by: 'reference', image: named, name };
  const matches = HEX.test(prefix) ? idsWithPrefix(read, prefix) : [];
  if (matches.length > 1) throw ambiguous(text, matches);
  const image = matches[0] && read.get(IMAGES, matches[0]);
  if (image) return { by: 'id', image };
  throw noSuchImage(familiarString(withDefaultTag(parseReference(text))));
}

/** True when `text` is the beginning of `id`, with or without the algorithm. */
export function isIdPrefix(id: ImageId, text: string): boolean {
  return id.startsWith(text) || id.slice(id.indexOf(':') + 1).startsWith(text);
}

/** Docker's words for an image that is not here; `shown` is the name with its tag, or the digest. */
export function noSuchImage(shown: string): EngineError {
  return new EngineError('not-found', `No such image: ${shown}`);
}

function idsWithPrefix(read: Reader, prefix: string): ImageId[] {
  return [...read.keys(IMAGES, { prefix: `sha256:${prefix}` })];
}

/** What is no name may still be the beginning of an ID. */
function tryReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (HEX.test(text)) return undefined;
    throw error;
  }
}

function ambiguous(text: string, ids: readonly ImageId[]): EngineError {
  const some = ids.slice(0, 4).join(', ') + (ids.length > 4 ? ', …' : '');
  return new EngineError('not-found', `No such image: ${text}: the ID is ambiguous: ${some}`);
}

import { isEngineError } from '../../base/errors.ts';
import { shortId } from '../../formats/digest.ts';
import { familiarName, parseReference, type Reference } from '../../formats/reference.ts';
import { humanDuration, humanSize } from '../../formats/units.ts';
import type { ImageSummary } from '../../wire/types-image.ts';
import { goTimeString } from './go-time.ts';
import type { Columns } from './table.ts';

const CREATED = '{{if .CreatedSince }}{{.CreatedSince}}{{else}}N/A{{end}}';
export const IMAGES_TABLE = `table {{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t${CREATED}\\t{{.Size}}`;
export const IMAGES_DIGEST_TABLE = `table {{.Repository}}\\t{{.Tag}}\\t{{.Digest}}\\t{{.ID}}\\t${CREATED}\\t{{.Size}}`;
const NONE = '<none>';

const TITLES = {
  ID: 'IMAGE ID',
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
  Containers: 'CONTAINERS',
  VirtualSize: 'SIZE',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
};

/** One line of `images`: an image under one of its names. */
export interface NamedImage {
  image: ImageSummary;
  repository: string;
  tag: string;
  digest: string;
}

/** What `images --format` knows. */
export function imageColumns(trunc: boolean, nowMs: number): Columns<NamedImage> {
  return {
    typeName: '*formatter.imageContext',
    titles: TITLES,
    row: ({ image, repository, tag, digest }) => ({
      ID: () => (trunc ? shortId(image.Id) : image.Id),
      Repository: () => repository,
      Tag: () => tag,
      Digest: () => digest,
      CreatedSince: () => `${humanDuration(nowMs - image.Created * 1000)} ago`,
      CreatedAt: () => goTimeString(image.Created),
      Size: () => humanSize(image.Size, 3),
      Containers: () => (image.Containers === -1 ? 'N/A' : String(image.Containers)),
      VirtualSize: () => humanSize(image.Size),
      SharedSize: () => (image.SharedSize === -1 ? 'N/A' : humanSize(image.SharedSize)),
      UniqueSize: () =>
        image.Size === -1 || image.SharedSize === -1 ? 'N/A' : humanSize(image.Size - image.SharedSize),
    }),
  };
}

/** An image's lines: one per tag (and digest, with `digests`), and one for digests of repositories without a tag. */
export function namedImages(image: ImageSummary, digests: boolean, onlyDigestRows: boolean): NamedImage[] {
  const byRepository = new Map<string, { tags: string[]; digests: string[] }>();
  for (const text of [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])]) {
    const reference = referenceOf(text);
    if (!reference) continue;
    const name = familiarName(reference);
    const entry = byRepository.get(name) ?? { tags: [], digests: [] };
    byRepository.set(name, entry);
    if (reference.digest !== undefined) entry.digests.push(reference.digest);
    else if (reference.tag !== undefined) entry.tags.push(reference.tag);
  }
  if (byRepository.size === 0) return [{ image, repository: NONE, tag: NONE, digest: NONE }];
  return [...byRepository].flatMap(([repository, entry]) => {
    const row = (tag: string, digest: string) => ({ image, repository, tag, digest });
    if (entry.tags.length === 0) {
      return onlyDigestRows ? entry.digests.map((digest) => row(NONE, digest)) : [row(NONE, '')];
    }
    const shown = digests && entry.digests.length > 0 ? entry.digests : [NONE];
    return entry.tags.flatMap((tag) => shown.map((digest) => row(tag, digest)));
  });
}

/** Undefined for what is no reference, such as `<none>:<none>` of older daemons. */
function referenceOf(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (isEngineError(error, 'invalid')) return undefined;
    throw error;
  }
}

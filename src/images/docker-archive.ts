import { EngineError } from '../base/errors.ts';
import {
  jsonArray,
  jsonObject,
  jsonString,
  optionalString,
  parseJson,
  present,
  stringList,
} from '../formats/json.ts';
import { parseReference, type Reference, withDefaultTag } from '../formats/reference.ts';

/** One image of a Docker archive's `manifest.json` (moby `image/tarexport`). */
export interface ArchivedImage {
  /** Member with the config. */
  readonly config: string;
  readonly names: readonly Reference[];
  /** Members with the layers' tars, bottom first. */
  readonly layers: readonly string[];
  /** Image ID of the parent. */
  readonly parent?: string;
}

export const MAX_ARCHIVE_JSON = 8 << 20;

const FILE = 'manifest.json';
const MAX_IMAGES = 10_000;
const MAX_LAYERS = 4096;

/** Parses `manifest.json`. Throws `invalid` naming the field. */
export function parseDockerManifest(bytes: Uint8Array): ArchivedImage[] {
  return jsonArray(parseJson(bytes, FILE), FILE, MAX_IMAGES).map((item, i) => {
    const at = `${FILE}[${i}]`;
    const json = jsonObject(item, at);
    const tags = present(json['RepoTags']) ? stringList(json['RepoTags'], `${at}.RepoTags`, MAX_IMAGES) : [];
    const parent = optionalString(json['Parent'], `${at}.Parent`);
    return {
      config: jsonString(json['Config'], `${at}.Config`),
      names: tags.map((tag, n) => parseName(tag, `${at}.RepoTags[${n}]`)),
      layers: present(json['Layers']) ? stringList(json['Layers'], `${at}.Layers`, MAX_LAYERS) : [],
      ...(parent !== undefined && { parent }),
    };
  });
}

/** A name out of an archive: with a tag, without digest. */
export function parseName(text: string, what: string): Reference {
  try {
    const reference = withDefaultTag(parseReference(text));
    if (reference.tag === undefined) throw new EngineError('invalid', 'a digest is no tag');
    return reference;
  } catch (cause) {
    throw new EngineError('invalid', `${what}: ${JSON.stringify(text.slice(0, 200))} is no image name`, {
      cause,
    });
  }
}

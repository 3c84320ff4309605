import { EngineError } from '../base/errors.ts';
import type { DiffId } from '../formats/digest.ts';
import {
  type JsonObject,
  jsonObject,
  jsonString,
  optionalString,
  parseJsonObject,
  present,
  stringMap,
} from '../formats/json.ts';
import type { Reference } from '../formats/reference.ts';
import { type HistoryEntry, type ImageConfig, parseImageConfig } from './config.ts';
import { parseName } from './docker-archive.ts';

/**
 * The archives of Docker before 1.10: a directory per layer, each with `VERSION`, `json` (which names its parent) and
 * `layer.tar`, and `repositories` with the names (moby image/spec/v1.md).
 */
export interface LegacyLayer {
  /** 64 hex digits, the directory's name; random, or a hash of no consequence. */
  readonly id: string;
  readonly parent?: string;
  readonly json: JsonObject;
}

const ID = /^[0-9a-f]{64}$/;
export const REPOSITORIES = 'repositories';

/** `{"busybox": {"latest": ID}}` → names by ID. Throws `invalid`. */
export function parseRepositories(bytes: Uint8Array): Map<string, Reference[]> {
  const names = new Map<string, Reference[]>();
  for (const [repository, tags] of Object.entries(parseJsonObject(bytes, REPOSITORIES))) {
    const at = `${REPOSITORIES}[${JSON.stringify(repository.slice(0, 200))}]`;
    for (const [tag, id] of Object.entries(stringMap(tags, at))) {
      const known = names.get(checkId(id, `${at}[${JSON.stringify(tag)}]`)) ?? [];
      names.set(id, [...known, parseName(`${repository}:${tag}`, at)]);
    }
  }
  return names;
}

/** Parses `ID/json`. Throws `invalid`. */
export function parseLegacyLayer(bytes: Uint8Array, id: string): LegacyLayer {
  const what = `${id}/json`;
  const json = parseJsonObject(bytes, what);
  const parent = optionalString(json['parent'], `${what}: parent`);
  return { id, json, ...(parent !== undefined && { parent: checkId(parent, `${what}: parent`) }) };
}

/** The image whose layers are `layers`, bottom first. */
export function legacyConfig(layers: readonly LegacyLayer[], diffIds: readonly DiffId[]): ImageConfig {
  const top = layers.at(-1);
  if (!top) throw new EngineError('invalid', 'an image of no layers');
  const { parent: _, ...rest } = parseImageConfig(
    JSON.stringify({ ...top.json, parent: undefined, history: undefined, rootfs: { diff_ids: diffIds } }),
    `${top.id}/json`,
  );
  return { ...rest, history: layers.map(historyOf) };
}

function historyOf({ id, json }: LegacyLayer): HistoryEntry {
  const what = `${id}/json`;
  const createdAt = optionalString(json['created'], `${what}: created`);
  const container = present(json['container_config'])
    ? jsonObject(json['container_config'], `${what}: container_config`)
    : {};
  const command = container['Cmd'];
  return {
    ...(createdAt !== undefined && { createdAt }),
    createdBy: Array.isArray(command)
      ? command.map((word) => jsonString(word, `${what}: Cmd`)).join(' ')
      : '',
    author: optionalString(json['author'], `${what}: author`) ?? '',
    comment: optionalString(json['comment'], `${what}: comment`) ?? '',
    emptyLayer: false,
  };
}

function checkId(id: string, what: string): string {
  if (ID.test(id)) return id;
  throw new EngineError('invalid', `${what}: ${JSON.stringify(id.slice(0, 200))} is no layer ID`);
}

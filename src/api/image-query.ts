import { EngineError, messageOf } from '../base/errors.ts';
import { type Platform, parsePlatform } from '../formats/platform.ts';
import { parseReference, type Reference, withTagOrDigest } from '../formats/reference.ts';
import { type ApiRequest, queryString } from './request.ts';

/** The `platform` parameter: `os[/arch[/variant]]`, or from 1.48 on a JSON object of the OCI's fields. */
export function platformOf(request: ApiRequest): Platform | undefined {
  const text = queryString(request, 'platform');
  if (text === undefined) return undefined;
  return parsePlatform(text.startsWith('{') ? joinPlatform(text) : text);
}

function joinPlatform(json: string): string {
  const value = parseJson(json);
  const field = (name: string): string =>
    typeof value === 'object' && value !== null && name in value ? String(Reflect.get(value, name)) : '';
  return ['os', 'architecture', 'variant'].map(field).filter(Boolean).join('/');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EngineError('invalid', `invalid platform: ${messageOf(cause)}`, { cause });
  }
}

/** `name` with the tag or digest that came in a parameter of its own. */
export function namedReference(name: string, tagOrDigest: string | undefined): Reference {
  const reference = parseReference(name);
  return tagOrDigest === undefined ? reference : withTagOrDigest(reference, tagOrDigest);
}

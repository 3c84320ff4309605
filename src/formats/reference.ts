import type { Brand } from '../base/brand.ts';
import { EngineError } from '../base/errors.ts';
import { type Digest, isDigest } from './digest.ts';

/** A registry's `host[:port]`: `docker.io`, `localhost:5000`, `[::1]:5000`. */
export type Domain = Brand<string, 'Domain'>;
/** A repository's path within its registry: `library/busybox`. */
export type RepositoryPath = Brand<string, 'RepositoryPath'>;
/** `latest`, `1.36-musl`: at most 128 characters. */
export type Tag = Brand<string, 'Tag'>;

/** A normalised image reference. Neither tag nor digest: the repository itself. Both: the digest decides, the tag is a remark. */
export interface Reference {
  readonly domain: Domain;
  readonly path: RepositoryPath;
  readonly tag?: Tag;
  readonly digest?: Digest;
}

export const DOCKER_IO = 'docker.io' as Domain;
export const LATEST = 'latest' as Tag;

const LEGACY_DOCKER_IO = 'index.docker.io';
const OFFICIAL = 'library/';
const MAX_NAME = 255;
const MAX_TEXT = 4096;

const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const IMAGE_ID = /^[a-f0-9]{64}$/;

/**
 * Parses what a user types for an image: `busybox`, `me/app:1`, `localhost:5000/x@sha256:…`. Familiar names are completed
 * to `docker.io/library/…`. No tag is added: see {@link withDefaultTag}. Grammar: distribution's `reference` package, in
 * whose words the errors are; each keeps its cause.
 */
export function parseReference(text: string): Reference {
  if (text === '') throw invalidReference('the name is empty');
  if (text.length > MAX_TEXT) throw invalidReference(`it is ${text.length} characters long`);
  if (IMAGE_ID.test(text)) {
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const [named, digestText] = cut(text, '@');
  const [domain, remainder] = splitDomain(named);
  const [path, tagText] = cut(remainder, ':');
  if (path !== path.toLowerCase()) {
    throw invalid(`invalid reference format: repository name (${path}) must be lowercase`);
  }
  return {
    domain: parseDomain(domain),
    path: parsePath(path),
    ...(tagText !== undefined && { tag: parseTag(tagText, 'invalid reference format') }),
    ...(digestText !== undefined && { digest: parseReferenceDigest(digestText) }),
  };
}

/** Parses a tag. Throws `invalid` ("invalid tag format"). */
export function parseTag(text: string, message = 'invalid tag format'): Tag {
  if (!TAG.test(text)) throw invalid(message, `tag ${show(text)} does not match ${TAG.source}`);
  return text as Tag;
}

/** Parses a registry's `host[:port]`. */
export function parseDomain(text: string): Domain {
  if (!DOMAIN.test(text)) throw invalidReference(`domain ${show(text)} is not HOST[:PORT]`);
  return text as Domain;
}

/**
 * `reference` with the tag or digest in `text` (the API passes them apart from the name: `fromImage=busybox&tag=1.36`,
 * `tag=sha256:…`). What `reference` had is replaced.
 */
export function withTagOrDigest(reference: Reference, text: string): Reference {
  const { domain, path } = reference;
  return isDigest(text) ? { domain, path, digest: text } : { domain, path, tag: parseTag(text) };
}

/** Adds `:latest` where neither tag nor digest is given. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined
    ? { ...reference, tag: LATEST }
    : reference;
}

/** The repository alone, without tag and digest. */
export function repositoryOf(reference: Reference): Reference {
  return { domain: reference.domain, path: reference.path };
}

/** `docker.io/library/busybox`. */
export function canonicalName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** `docker.io/library/busybox:latest@sha256:…`: unambiguous; the key of records. */
export function canonicalString(reference: Reference): string {
  return canonicalName(reference) + suffix(reference);
}

/** As users know it: `busybox`, `me/app`, `localhost:5000/x`. */
export function familiarName(reference: Reference): string {
  const { domain, path } = reference;
  if (domain !== DOCKER_IO) return canonicalName(reference);
  const short = path.startsWith(OFFICIAL) ? path.slice(OFFICIAL.length) : path;
  // `docker.io/library/a/b` must not become `a/b`, which is another repository.
  return short.includes('/') ? path : short;
}

/** As users know it, with tag and digest: `busybox:1.36`. */
export function familiarString(reference: Reference): string {
  return familiarName(reference) + suffix(reference);
}

function suffix({ tag, digest }: Reference): string {
  return (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
}

/** A first component is a domain when it has a dot, a colon or a capital, or is `localhost`. */
function splitDomain(name: string): [domain: string, remainder: string] {
  const [first, rest] = cut(name, '/');
  if (rest === undefined) return [DOCKER_IO, OFFICIAL + name];
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  const domain = !isDomain || first === LEGACY_DOCKER_IO ? DOCKER_IO : first;
  const remainder = isDomain ? rest : name;
  return [domain, domain === DOCKER_IO && !remainder.includes('/') ? OFFICIAL + remainder : remainder];
}

function parsePath(path: string): RepositoryPath {
  if (path.length > MAX_NAME) {
    throw invalid(`repository name must not be more than ${MAX_NAME} characters`);
  }
  for (const component of path.split('/')) {
    if (!COMPONENT.test(component)) {
      throw invalidReference(`path component ${show(component)} does not match ${COMPONENT.source}`);
    }
  }
  return path as RepositoryPath;
}

function parseReferenceDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw invalidReference(`${show(text)} is not a digest (sha256:<64 hex digits>)`);
}

/** Splits at the first `separator`; the second part is undefined when there is none. */
function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function show(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function invalidReference(why: string): EngineError {
  return invalid('invalid reference format', why);
}

function invalid(message: string, why?: string): EngineError {
  return new EngineError('invalid', message, why === undefined ? undefined : { cause: new Error(why) });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canonicalString,
  familiarName,
  familiarString,
  parseReference,
  withDefaultTag,
  withTagOrDigest,
} from './reference.ts';

const SHA = `sha256:${'0123456789abcdef'.repeat(4)}`;
const SHA512 = `sha512:${'0123456789abcdef'.repeat(8)}`;

// The grammar is that of distribution's `reference` package.
const GOOD: { in: string; canonical: string; familiar: string }[] = [
  { in: 'busybox', canonical: 'docker.io/library/busybox', familiar: 'busybox' },
  {
    in: 'busybox:1.36-musl',
    canonical: 'docker.io/library/busybox:1.36-musl',
    familiar: 'busybox:1.36-musl',
  },
  { in: 'library/busybox', canonical: 'docker.io/library/busybox', familiar: 'busybox' },
  { in: 'docker.io/busybox', canonical: 'docker.io/library/busybox', familiar: 'busybox' },
  { in: 'index.docker.io/me/app', canonical: 'docker.io/me/app', familiar: 'me/app' },
  { in: 'me/app:1', canonical: 'docker.io/me/app:1', familiar: 'me/app:1' },
  { in: 'docker.io/library/a/b', canonical: 'docker.io/library/a/b', familiar: 'library/a/b' },
  { in: 'localhost/app', canonical: 'localhost/app', familiar: 'localhost/app' },
  { in: 'localhost', canonical: 'docker.io/library/localhost', familiar: 'localhost' },
  { in: 'localhost:5000/app:1', canonical: 'localhost:5000/app:1', familiar: 'localhost:5000/app:1' },
  { in: '127.0.0.1:5000/a/b/c', canonical: '127.0.0.1:5000/a/b/c', familiar: '127.0.0.1:5000/a/b/c' },
  { in: '[::1]:5000/app', canonical: '[::1]:5000/app', familiar: '[::1]:5000/app' },
  { in: '[2001:db8::7]/app', canonical: '[2001:db8::7]/app', familiar: '[2001:db8::7]/app' },
  { in: 'Registry/app', canonical: 'Registry/app', familiar: 'Registry/app' },
  { in: 'ghcr.io/Owner'.toLowerCase(), canonical: 'ghcr.io/owner', familiar: 'ghcr.io/owner' },
  { in: `busybox@${SHA}`, canonical: `docker.io/library/busybox@${SHA}`, familiar: `busybox@${SHA}` },
  { in: `busybox:1@${SHA}`, canonical: `docker.io/library/busybox:1@${SHA}`, familiar: `busybox:1@${SHA}` },
  {
    in: `localhost:5000/a@${SHA512}`,
    canonical: `localhost:5000/a@${SHA512}`,
    familiar: `localhost:5000/a@${SHA512}`,
  },
  { in: 'a__b/c--d/e.f_g', canonical: 'docker.io/a__b/c--d/e.f_g', familiar: 'a__b/c--d/e.f_g' },
  { in: 'registry:5000', canonical: 'docker.io/library/registry:5000', familiar: 'registry:5000' },
  {
    in: `x:${'t'.repeat(128)}`,
    canonical: `docker.io/library/x:${'t'.repeat(128)}`,
    familiar: `x:${'t'.repeat(128)}`,
  },
  { in: 'x:_under.score', canonical: 'docker.io/library/x:_under.score', familiar: 'x:_under.score' },
  { in: 'my-host.example/x', canonical: 'my-host.example/x', familiar: 'my-host.example/x' },
  { in: 'abcdef0123', canonical: 'docker.io/library/abcdef0123', familiar: 'abcdef0123' },
];
for (const row of GOOD) {
  test(`reference ${row.in.slice(0, 60)}`, () => {
    const reference = parseReference(row.in);
    assert.equal(canonicalString(reference), row.canonical);
    assert.equal(familiarString(reference), row.familiar);
    assert.deepEqual(parseReference(row.canonical), reference);
    assert.deepEqual(parseReference(row.familiar), reference);
  });
}

const FORMAT = 'invalid reference format';
const BAD: { in: string; message: string; cause?: RegExp }[] = [
  { in: '', message: FORMAT, cause: /empty/ },
  { in: ':tag', message: FORMAT, cause: /path component ""/ },
  { in: 'x:', message: FORMAT, cause: /tag ""/ },
  { in: 'x@', message: FORMAT, cause: /"" is not a digest/ },
  { in: '/x', message: FORMAT },
  { in: 'x/', message: FORMAT },
  { in: 'a//b', message: FORMAT },
  { in: 'x:a:b', message: FORMAT },
  { in: `x:${'t'.repeat(129)}`, message: FORMAT },
  { in: 'x:-tag', message: FORMAT },
  { in: 'x y', message: FORMAT },
  { in: 'x\n', message: FORMAT },
  { in: '-x', message: FORMAT },
  { in: 'x-', message: FORMAT },
  { in: 'a..b', message: FORMAT },
  { in: 'a___b', message: FORMAT },
  { in: '../etc', message: FORMAT },
  { in: 'host.example/../x', message: FORMAT },
  { in: 'http://host/x', message: FORMAT },
  { in: 'host:port/x', message: FORMAT, cause: /domain "host:port"/ },
  { in: '-host.example/x', message: FORMAT },
  { in: 'x@sha256:abc', message: FORMAT, cause: /"sha256:abc" is not a digest/ },
  { in: `x@${SHA}@${SHA}`, message: FORMAT },
  { in: `x@${SHA}:tag`, message: FORMAT },
  { in: 'Busybox', message: 'invalid reference format: repository name (library/Busybox) must be lowercase' },
  { in: 'me/App:1', message: 'invalid reference format: repository name (me/App) must be lowercase' },
  { in: 'ghcr.io/Me/app', message: 'invalid reference format: repository name (Me/app) must be lowercase' },
  {
    in: 'a'.repeat(64),
    message: `invalid repository name (${'a'.repeat(64)}), cannot specify 64-byte hexadecimal strings`,
  },
  { in: `h.example/${'a'.repeat(256)}`, message: 'repository name must not be more than 255 characters' },
  { in: 'x'.repeat(10_000), message: FORMAT, cause: /10000 characters/ },
];
for (const row of BAD) {
  test(`no reference: ${JSON.stringify(row.in.slice(0, 60))}`, () => {
    assert.throws(
      () => parseReference(row.in),
      (error: Error & { kind?: string }) => {
        assert.equal(error.message, row.message);
        assert.equal(error.kind, 'invalid');
        if (row.cause) assert.match(error.cause instanceof Error ? error.cause.message : '', row.cause);
        return true;
      },
    );
  });
}

test('a name of 10,000 separators is judged at once', () => {
  const started = performance.now();
  assert.throws(() => parseReference(`a${'-'.repeat(250)}/${'._'.repeat(1800)}`));
  assert.ok(performance.now() - started < 50);
});

test('latest is added only where nothing else is said', () => {
  assert.equal(familiarString(withDefaultTag(parseReference('x'))), 'x:latest');
  assert.equal(familiarString(withDefaultTag(parseReference('x:1'))), 'x:1');
  assert.equal(familiarString(withDefaultTag(parseReference(`x@${SHA}`))), `x@${SHA}`);
});

test("the API's tag parameter may be a tag or a digest", () => {
  const reference = parseReference('x:old');
  assert.equal(familiarString(withTagOrDigest(reference, 'new')), 'x:new');
  assert.equal(familiarString(withTagOrDigest(reference, SHA)), `x@${SHA}`);
  assert.throws(() => withTagOrDigest(reference, 'no tag'), { message: 'invalid tag format' });
});

test('the familiar name has neither tag nor digest', () => {
  assert.equal(familiarName(parseReference(`quay.io/a/b:1@${SHA}`)), 'quay.io/a/b');
});

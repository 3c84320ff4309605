import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSpec, parseSpec } from './parse-spec.ts';

const process = { user: { uid: 0, gid: 0 }, args: ['true'], cwd: '/' };
const spec = { ociVersion: '1.2.0', process, root: { path: 'rootfs' } };
const parse = (change: object) => parseSpec(JSON.stringify({ ...spec, ...change }));

test('spec: unknown fields are passed over', () => {
  assert.deepEqual(parse({ novel: 1 }), parse({}));
});

test('spec: numbers of 64 bits keep their digits there and back', () => {
  const limit = '{"type":"RLIMIT_CORE","soft":18446744073709551615,"hard":18446744073709551615}';
  const json = JSON.stringify({ ...spec, process: { ...process, rlimits: ['LIMIT'] } }).replace(
    '"LIMIT"',
    limit,
  );
  assert.ok(formatSpec(parseSpec(json)).includes(limit));
});

const rows = [
  { name: 'another version', in: { ociVersion: '2.0.0' }, want: /^ociVersion: "2\.0\.0"/ },
  { name: 'no version', in: { ociVersion: 'new' }, want: /^ociVersion: "new"/ },
  { name: 'text for a list', in: { process: { ...process, args: 'true' } }, want: /process\.args/ },
  { name: 'number for text', in: { hostname: 7 }, want: /hostname/ },
  {
    name: 'id out of range',
    in: { process: { ...process, user: { uid: 2 ** 32 - 1, gid: 0 } } },
    want: /process\.user\.uid/,
  },
  { name: 'mount without a place', in: { mounts: [{ type: 'tmpfs' }] }, want: /mounts\[0\]\.destination/ },
  { name: 'annotation that is none', in: { annotations: { a: 1 } }, want: /annotations/ },
  { name: 'too long', in: { hostname: 'x'.repeat(4 << 20) }, want: /^config\.json: \d+ characters/ },
];
for (const { name, in: change, want } of rows) {
  test(`spec: ${name} is refused by its field`, () => {
    assert.throws(() => parse(change), { kind: 'invalid', message: want });
  });
}

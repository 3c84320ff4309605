import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileGlob } from './glob.ts';

test('patterns match as Go’s path.Match does', () => {
  const rows: [pattern: string, text: string, want: boolean][] = [
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*', '', true],
    ['*c', 'abc', true],
    ['a*', 'ab/c', false],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['a?b', 'a☺b', true],
    ['a?b', 'a/b', false],
    ['[\\]a]', ']', true],
    ['**', 'abc', true],
    ['busy*:1.*', 'busybox:1.36', true],
  ];
  for (const [pattern, text, want] of rows) {
    assert.equal(compileGlob(pattern)(text), want, `${pattern} against ${text}`);
  }
});

test('malformed patterns are refused', () => {
  for (const pattern of ['[', '[]a]', '[-]', '[a', '[a-', 'a\\', '[^', 'x'.repeat(1001)]) {
    assert.throws(
      () => compileGlob(pattern),
      { kind: 'invalid', message: /syntax error in pattern/ },
      pattern,
    );
  }
});

test('a pattern of many stars takes no exponential time', () => {
  assert.equal(compileGlob('*a'.repeat(100) + 'b')('a'.repeat(2000)), false);
});

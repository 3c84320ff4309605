import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indentJson, parseExactJson } from './exact-json.ts';

test('JSON values', () => {
  const rows: [text: string, want: unknown][] = [
    ['{"timeNano":1795235288248193305,"n":12}', { timeNano: 1795235288248193305n, n: 12 }],
    [' [1, -2.5e3, true, null, "a\\u00e9\\n"] ', [1, -2500, true, null, 'aé\n']],
    ['{"__proto__":{"x":1}}', JSON.parse('{"__proto__":{"x":1}}')],
    ['{}', {}],
    ['[]', []],
  ];
  for (const [text, want] of rows) {
    assert.deepEqual(JSON.stringify(parseExactJson(text, 't'), bigints), JSON.stringify(want, bigints), text);
  }
});

test('what is not JSON is refused', () => {
  for (const text of ['', '{', '[1,]', '{"a" 1}', '1 2', '"\n"', '01', 'nul', '['.repeat(2000)]) {
    assert.throws(
      () => parseExactJson(text, 'the answer'),
      { kind: 'invalid', message: /^the answer: / },
      text,
    );
  }
});

test('indentation keeps numbers and strings as they are', () => {
  const raw = '[{"a":1.0,"b":[],"c":{},"d":{"e":"x: {y}, \\"z\\""},"f":[1,18446744073709551615]}]';
  assert.equal(
    indentJson(raw),
    `[
    {
        "a": 1.0,
        "b": [],
        "c": {},
        "d": {
            "e": "x: {y}, \\"z\\""
        },
        "f": [
            1,
            18446744073709551615
        ]
    }
]`,
  );
});

function bigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as protocol from './shim-protocol.ts';

const header = readFileSync(join(import.meta.dirname, '../../native/src/ops.h'), 'utf8');

/** `X(NAME, number, "fields" …)` of one of the tables. */
function table(macro: string): Record<string, [number, string]> {
  const body = header.slice(header.indexOf(`#define ${macro}(X)`)).split('\n\n')[0] ?? '';
  return Object.fromEntries(
    [...body.matchAll(/X\((\w+), (\d+), "([a-z*]*)"/g)].map(
      ([, name = '', number, fields = '']): [string, [number, string]] => [name, [Number(number), fields]],
    ),
  );
}

test('messages and operations have the numbers and fields of ops.h', () => {
  assert.deepEqual(table('MESSAGES'), protocol.MESSAGES);
  assert.deepEqual(table('OPS'), protocol.OPS);
});

test('constants have the values of ops.h', () => {
  const { MESSAGES: _messages, OPS: _ops, ...constants } = protocol;
  const defined = Object.fromEntries(
    [...header.matchAll(/^#define (\w+) (\d+)/gm)].map(([, name = '', value]) => [name, Number(value)]),
  );
  const { IN_CREATE: _create, IN_PROCESS: _process, ...shared } = defined;
  assert.deepEqual(shared, { ...constants });
});

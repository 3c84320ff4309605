import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Leases } from './leases.ts';
import { reachable } from './mark.ts';

test('a lease holds until it is disposed of, also when two hold the same', () => {
  const leases = new Leases<string>();
  const outer = leases.take();
  {
    using inner = leases.take();
    inner.add('a');
    inner.add('a');
    inner.add('b');
    outer.add('a');
    assert.deepEqual(leases.held().sort(), ['a', 'b']);
  }
  assert.deepEqual(leases.held(), ['a']);
  outer[Symbol.dispose]();
  outer[Symbol.dispose]();
  assert.equal(leases.has('a'), false);
});

test('marking follows edges once, through cycles and diamonds', () => {
  const edges: Record<string, string[]> = { a: ['b', 'c'], b: ['d'], c: ['d'], d: ['a'], x: ['a'] };
  const visited: string[] = [];
  const marked = reachable(['a'], (node) => {
    visited.push(node);
    return edges[node] ?? [];
  });
  assert.deepEqual([...marked].sort(), ['a', 'b', 'c', 'd']);
  assert.equal(visited.length, 4);
});

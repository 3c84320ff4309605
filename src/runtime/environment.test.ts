import assert from 'node:assert/strict';
import test from 'node:test';
import { containerEnvironment, DEFAULT_PATH, environmentValue, mergeEnvironment } from './environment.ts';

test('a container gets PATH and HOSTNAME, and TERM with a terminal', () => {
  assert.deepEqual(containerEnvironment([], 'box', false), [`PATH=${DEFAULT_PATH}`, 'HOSTNAME=box']);
  assert.deepEqual(containerEnvironment(['TERM=dumb', 'A=1'], 'box', true), [
    `PATH=${DEFAULT_PATH}`,
    'HOSTNAME=box',
    'TERM=dumb',
    'A=1',
  ]);
});

test('later entries win in place, bare names remove', () => {
  assert.deepEqual(mergeEnvironment(['A=1', 'B=2', 'C='], ['B=x=y', 'A', 'D', 'C']), ['B=x=y']);
});

test('the last of two values counts', () => {
  assert.equal(environmentValue(['A=1', 'AB=2', 'A=3'], 'A'), '3');
  assert.equal(environmentValue(['AB=2'], 'A'), undefined);
});

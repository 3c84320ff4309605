import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../base/errors.ts';
import { nameTaken, parseName, randomName } from './names.ts';

for (const [text, want] of [
  ['web', 'web'],
  ['/web', 'web'],
  ['a1_b.c-d', 'a1_b.c-d'],
]) {
  test(`a name: ${text}`, () => assert.equal(parseName(text ?? ''), want));
}

for (const bad of ['/', 'a', '-web', '_web', 'we b', 'web/1', '//web', 'wéb', 'web\n']) {
  test(`not a name: ${JSON.stringify(bad)}`, () => {
    assert.throws(
      () => parseName(bad),
      (error) =>
        isEngineError(error, 'invalid') &&
        error.message === `Invalid container name (${bad}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  });
}

test('a made-up name is a valid one, with a number only after several attempts', () => {
  for (let attempt = 0; attempt < 20; attempt++) {
    const name = randomName(attempt);
    assert.equal(parseName(name), name);
    assert.match(name, attempt < 5 ? /^[a-z]+_[a-z]+$/ : /^[a-z]+_[a-z]+\d+$/);
  }
});

test('the text for a taken name is Docker’s', () => {
  assert.equal(
    nameTaken('web', 'abc').message,
    'Conflict. The container name "/web" is already in use by container "abc". You have to remove (or rename) that container to be able to reuse that name.',
  );
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../base/errors.ts';
import type { ContainerConfigInput } from './config.ts';
import { type ImageDefaults, mergeImage } from './merge-image.ts';
import { commandOf } from './record.ts';

const image: ImageDefaults = {
  user: 'www',
  env: ['PATH=/bin', 'LANG=C'],
  cmd: ['serve'],
  entrypoint: ['/entry'],
  exposedPorts: ['80/tcp'],
  volumes: ['/data'],
  workingDir: '/srv',
  labels: { a: '1', b: '2' },
  stopSignal: 'SIGQUIT',
};

const commands: { name: string; input: ContainerConfigInput; want: string[] }[] = [
  { name: 'nothing given', input: {}, want: ['/entry', 'serve'] },
  { name: 'a command', input: { cmd: ['x'] }, want: ['/entry', 'x'] },
  { name: 'an empty command is none', input: { cmd: [] }, want: ['/entry', 'serve'] },
  { name: 'an entrypoint drops the command', input: { entrypoint: ['/e'] }, want: ['/e'] },
  { name: 'both', input: { entrypoint: ['/e'], cmd: ['x'] }, want: ['/e', 'x'] },
  { name: 'an empty entrypoint list keeps the command', input: { entrypoint: [] }, want: ['serve'] },
  { name: 'entrypoint cleared', input: { entrypoint: [''], cmd: ['x'] }, want: ['x'] },
];

for (const { name, input, want } of commands) {
  test(`command: ${name}`, () => assert.deepEqual(commandOf(mergeImage(input, image)), want));
}

test('an entrypoint cleared without a command leaves nothing to run', () => {
  assert.throws(
    () => mergeImage({ entrypoint: [''] }, image),
    (error) => isEngineError(error, 'invalid') && error.message === 'no command specified',
  );
});

test('the user wins over the image, and what the user leaves open is the image’s', () => {
  const merged = mergeImage(
    { image: 'x', env: ['LANG=ja', 'FOO=1'], labels: { b: '3' }, exposedPorts: ['443/tcp'], user: 'me' },
    image,
  );
  assert.deepEqual(merged.env, ['LANG=ja', 'FOO=1', 'PATH=/bin']);
  assert.deepEqual(merged.labels, { a: '1', b: '3' });
  assert.deepEqual(merged.exposedPorts, ['443/tcp', '80/tcp']);
  assert.deepEqual(merged.volumes, ['/data']);
  assert.deepEqual([merged.user, merged.workingDir, merged.stopSignal], ['me', '/srv', 'SIGQUIT']);
});

test('a bare name hides the image’s variable', () => {
  assert.deepEqual(mergeImage({ env: ['LANG'] }, image).env, ['LANG', 'PATH=/bin']);
});

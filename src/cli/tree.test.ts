import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flagName } from './flags/flag.ts';
import { COMMANDS, COMMON, find, GROUPS, MISSING } from './tree.ts';

test('no two commands share a name', () => {
  const paths = [...COMMANDS, ...MISSING].flatMap((entry) => entry.paths);
  assert.equal(new Set(paths).size, paths.length);
});

test('every command loads, and no two of its flags answer to one name', async () => {
  for (const { paths, load } of COMMANDS) {
    const { command } = await load();
    const flags = Object.entries(command.flags);
    const names = flags.flatMap(([key, flag]) => [flagName(key), ...flag.aliases]);
    const letters = flags.flatMap(([, flag]) => flag.short ?? []);
    assert.equal(new Set(names).size, names.length, paths[0]);
    assert.equal(new Set(letters).size, letters.length, paths[0]);
  }
});

test('words find their command', () => {
  const rows: [words: string[], want: string][] = [
    [['ps', '-a'], 'leaf ps -a'],
    [['container', 'ls', '-a'], 'leaf container ls -a'],
    [['container', 'inspect', 'x'], 'leaf container inspect x'],
    [['image', 'ls'], 'leaf image ls '],
    [['system', 'events'], 'leaf system events '],
    [['container'], 'group container '],
    [['container', 'foo'], 'group container foo'],
    [['compose', 'up'], 'missing compose '],
    [['volume', 'ls'], 'missing volume '],
    [['nope'], 'nothing nope '],
  ];
  for (const [words, want] of rows) {
    const found = find(words);
    const name = 'path' in found ? found.path : 'group' in found ? found.group.name : found.word;
    const rest = 'rest' in found ? found.rest.join(' ') : '';
    assert.equal(`${found.kind} ${name} ${rest}`, want);
  }
});

test('the groups and common commands exist', () => {
  for (const { name } of GROUPS) {
    assert.ok(COMMANDS.some(({ paths }) => paths.some((path) => path.startsWith(`${name} `))));
  }
  for (const name of COMMON) assert.equal(find([name]).kind, 'leaf');
});

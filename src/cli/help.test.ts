import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GLOBALS } from './globals.ts';
import { commandHelp, groupHelp, rootHelp } from './help.ts';
import { COMMANDS, find, GROUPS } from './tree.ts';

async function helpOf(path: string, width: number): Promise<string> {
  const found = find(path.split(' '));
  assert.ok(found.kind === 'leaf');
  return commandHelp(path, found.leaf, (await found.leaf.load()).command, width);
}

test('every help fits its terminal', async () => {
  const texts = [rootHelp(GLOBALS, 80), ...GROUPS.map((group) => groupHelp(group, 80))];
  for (const { paths } of COMMANDS) texts.push(await helpOf(paths[0] ?? '', 80));
  for (const line of texts.join('').split('\n')) {
    assert.ok(line.length <= 80 || line.startsWith('  gantry '), line);
  }
});

test('the help of a command', async () => {
  assert.equal(
    await helpOf('container kill', 60),
    `Usage:  gantry container kill [OPTIONS] CONTAINER [CONTAINER...]

Send a signal to running containers

Also called:
  gantry kill, gantry container kill

Options:
  -s, --signal string   Signal to send (default SIGKILL)
`,
  );
});

test('long helps have headings, the general one first', async () => {
  const headings = (await helpOf('run', 100)).match(/^[A-Z].*:$/gm);
  assert.deepEqual(headings, [
    'Also called:',
    'Options:',
    'Network:',
    'Limits:',
    'Isolation and security:',
    'Devices:',
    'Health check:',
    'Files:',
  ]);
});

test('what is not there yet is named, what only pleases old scripts is not', () => {
  const help = rootHelp(GLOBALS, 100);
  assert.match(help, /^Not available yet:\n {2}build, compose, /m);
  assert.doesNotMatch(help, /log-level/);
});

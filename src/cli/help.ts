import type { Command } from './command.ts';
import { type FlagSet, flagName } from './flags/flag.ts';
import { PROGRAM } from './pointer.ts';
import { COMMANDS, COMMON, GROUPS, type Group, type Leaf, MISSING } from './tree.ts';

const MAX_WIDTH = 100;
const GUTTER = 3;

/** `Usage:  gantry run [OPTIONS] IMAGE …`. */
export function usageLine(path: string, usage: string): string {
  return `Usage:  ${PROGRAM} ${path}${usage === '' ? '' : ` ${usage}`}`;
}

/** The overall help. */
export function rootHelp(globals: FlagSet, width: number): string {
  const top = COMMANDS.filter(({ paths }) => !paths[0]?.includes(' '));
  const rows = (leaves: readonly Leaf[]) =>
    leaves.map(({ paths, summary }) => [paths[0] ?? '', summary] as const);
  const missing = MISSING.map(({ paths }) => paths[0] ?? '').join(', ');
  return sections([
    `Usage:  ${PROGRAM} [OPTIONS] COMMAND`,
    'Containers, the way docker runs them.',
    listing(
      'Common commands:',
      rows(COMMON.flatMap((name) => top.filter(({ paths }) => paths[0] === name))),
      width,
    ),
    listing(
      'Groups:',
      GROUPS.map(({ name, summary }) => [name, summary] as const),
      width,
    ),
    listing('More commands:', rows(top.filter(({ paths }) => !COMMON.includes(paths[0] ?? ''))), width),
    `Not available yet:\n${wrap(missing, Math.min(width, MAX_WIDTH) - 2)
      .map((line) => `  ${line}`)
      .join('\n')}`,
    flagHelp(globals, width, 'Global options:'),
    `'${PROGRAM} COMMAND --help' tells more about a command.`,
  ]);
}

/** The help of a group such as `gantry container`. */
export function groupHelp({ name, summary }: Group, width: number): string {
  const rows = COMMANDS.flatMap((leaf) => {
    const path = leaf.paths.find((candidate) => candidate.startsWith(`${name} `));
    return path === undefined ? [] : [[path.slice(name.length + 1), leaf.summary] as const];
  });
  rows.sort(([a], [b]) => (a < b ? -1 : 1));
  return sections([
    usageLine(name, 'COMMAND'),
    summary,
    listing('Commands:', rows, width),
    `'${PROGRAM} ${name} COMMAND --help' tells more about a command.`,
  ]);
}

/** The help of one command, called as `path`. */
export function commandHelp(path: string, leaf: Leaf, command: Command, width: number): string {
  const usage =
    Object.keys(command.flags).length > 0 ? command.usage : command.usage.replace('[OPTIONS] ', '');
  const names = leaf.paths.map((name) => `${PROGRAM} ${name}`).join(', ');
  return sections([
    usageLine(path, usage),
    leaf.summary,
    leaf.paths.length > 1 ? `Also called:\n  ${names}` : '',
    flagHelp(command.flags, width, 'Options:'),
    command.notes,
  ]);
}

function sections(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function listing(
  title: string,
  rows: readonly (readonly [name: string, text: string])[],
  width: number,
): string {
  const column = Math.max(...rows.map(([name]) => name.length)) + GUTTER;
  return [title, ...rows.map(([name, text]) => hanging(`  ${name}`.padEnd(column + 2), text, width))].join(
    '\n',
  );
}

/** Flags under `title`, or under their sections' headings where they have any. */
function flagHelp(flags: FlagSet, width: number, title: string): string {
  const shown = Object.entries(flags)
    .filter(([, { hidden }]) => !hidden)
    .map(([key, flag]) => ({ name: flagName(key), flag }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (shown.length === 0) return '';
  const lines = shown.map(({ name, flag }) => {
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
    return {
      section: flag.section ?? title,
      left: `  ${short}--${name}${flag.kind === undefined ? '' : ` ${flag.kind}`}`,
      text: flag.help + (flag.shown === undefined ? '' : ` (default ${flag.shown})`),
    };
  });
  const column = Math.max(...lines.map(({ left }) => left.length)) + GUTTER;
  const headings = [...new Set([title, ...lines.map(({ section }) => section)])];
  return headings
    .map((heading) =>
      [
        heading,
        ...lines
          .filter(({ section }) => section === heading)
          .map(({ left, text }) => hanging(left.padEnd(column), text, width)),
      ].join('\n'),
    )
    .join('\n\n');
}

/** `text` wrapped to the right of `left`. */
function hanging(left: string, text: string, width: number): string {
  const room = Math.max(20, Math.min(width, MAX_WIDTH) - left.length);
  return text
    .split('\n')
    .flatMap((line) => wrap(line, room))
    .map((line, i) => (i === 0 ? left : ' '.repeat(left.length)) + line)
    .join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

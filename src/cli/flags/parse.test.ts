import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filters, list, map } from './lists.ts';
import { parseFlags } from './parse.ts';
import {
  bool,
  boolMaybe,
  boolOn,
  bytes,
  duration,
  int,
  parseInteger,
  string,
  stringMaybe,
} from './scalars.ts';

const SET = {
  interactive: bool('', { short: 'i' }),
  tty: bool('', { short: 't' }),
  sigProxy: boolOn(''),
  init: boolMaybe(''),
  publish: list('', { short: 'p' }),
  name: string('', 'none', { short: 'n' }),
  user: stringMaybe('', { short: 'u' }),
  last: int('', -1),
  memory: bytes('', { short: 'm' }),
  interval: duration(''),
  label: map('', { short: 'l' }),
  filter: filters(),
  network: list('', { aliases: ['net'] }),
};

const GOOD: readonly { in: string[]; want: Record<string, unknown>; args?: string[] }[] = [
  {
    in: [],
    want: { interactive: false, sigProxy: true, init: undefined, publish: [], name: 'none', last: -1 },
  },
  { in: ['-it'], want: { interactive: true, tty: true } },
  { in: ['-itp8080:80', '-p', '1', '-p=2'], want: { tty: true, publish: ['8080:80', '1', '2'] } },
  { in: ['--name=a=b', '--user', '-x'], want: { name: 'a=b', user: '-x' } },
  {
    in: ['--sig-proxy=false', '--init=false', '-i=false'],
    want: { sigProxy: false, init: false, interactive: false },
  },
  { in: ['-n='], want: { name: '=' } },
  { in: ['--net', 'a', '--network', 'b'], want: { network: ['a', 'b'] } },
  {
    in: ['-m', '1g', '--interval', '1m', '--last', '0x10'],
    want: { memory: 2 ** 30, interval: 60e9, last: 16 },
  },
  { in: ['-l', 'a=b=c', '-l', 'd', '-l', 'a=x'], want: { label: { a: 'x', d: '' } } },
  {
    in: ['-f', 'Label=a', '-f', 'label=b', '-f', 'label=a', '-f', ''],
    want: { filter: { label: ['a', 'b'] } },
  },
  {
    in: ['a', '-i', '-', '--', '-t', 'b'],
    want: { interactive: true, tty: false },
    args: ['a', '-', '-t', 'b'],
  },
];

test('flags as people write them', () => {
  for (const row of GOOD) {
    const { values, args } = parseFlags(SET, row.in, true);
    for (const [key, want] of Object.entries(row.want)) {
      assert.deepEqual(
        Object.entries(values).find(([name]) => name === key)?.[1],
        want,
        `${row.in.join(' ')}: ${key}`,
      );
    }
    assert.deepEqual(args, row.args ?? []);
  }
});

test('flags may end at the first argument', () => {
  const { values, args } = parseFlags(SET, ['-i', 'image', '-t', '--', 'x'], false);
  assert.deepEqual([values.interactive, values.tty, args], [true, false, ['image', '-t', '--', 'x']]);
});

test('which flags were given', () => {
  assert.deepEqual([...parseFlags(SET, ['--net', 'x', '-i=false'], true).given], ['network', 'interactive']);
});

test('help is known without being declared, unless the letter is taken', () => {
  assert.equal(parseFlags(SET, ['--help', '--foo'], true).help, 'long');
  assert.equal(parseFlags(SET, ['-ih'], true).help, 'short');
  assert.deepEqual(parseFlags({ hostname: string('', '', { short: 'h' }) }, ['-h', 'x'], true).values, {
    hostname: 'x',
  });
});

test('what cannot be understood', () => {
  const rows: [argv: string[], message: string][] = [
    [['--foo'], 'unknown flag: --foo'],
    [['--foo=bar'], 'unknown flag: --foo'],
    [['-z'], "unknown shorthand flag: 'z' in -z"],
    [['-izt'], "unknown shorthand flag: 'z' in -zt"],
    [['--=x'], 'bad flag syntax: --=x'],
    [['---x'], 'bad flag syntax: ---x'],
    [['--name'], 'flag needs an argument: --name'],
    [['-in'], "flag needs an argument: 'n' in -n"],
    [
      ['--tty=x'],
      'invalid argument "x" for "-t, --tty" flag: strconv.ParseBool: parsing "x": invalid syntax',
    ],
    [
      ['--last', '1.5'],
      'invalid argument "1.5" for "--last" flag: strconv.ParseInt: parsing "1.5": invalid syntax',
    ],
    [['-m', '1x'], 'invalid argument "1x" for "-m, --memory" flag: invalid suffix: \'x\''],
    [['-f', 'x'], 'invalid argument "x" for "-f, --filter" flag: bad format of filter (expected name=value)'],
  ];
  for (const [argv, message] of rows) {
    assert.throws(() => parseFlags(SET, argv, true), { name: 'UsageError', message }, argv.join(' '));
  }
});

test('integers as Go writes them', () => {
  const rows: [text: string, want: number | RegExp][] = [
    ['10', 10],
    ['-3', -3],
    ['+3', 3],
    ['0x1F', 31],
    ['0b11', 3],
    ['0o17', 15],
    ['017', 15],
    ['1_000', 1000],
    ['', /invalid syntax/],
    ['1e3', /invalid syntax/],
    ['9223372036854775808', /value out of range/],
  ];
  for (const [text, want] of rows) {
    if (want instanceof RegExp) assert.throws(() => parseInteger(text), want);
    else assert.equal(parseInteger(text), want);
  }
  assert.throws(() => parseInteger('70000', 16, false), /ParseUint.*value out of range/);
  assert.throws(() => parseInteger('-1', 16, false), /invalid syntax/);
});

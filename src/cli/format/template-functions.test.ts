import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoTemplate } from '../../formats/go-template.ts';
import { GoStruct } from '../../formats/go-value.ts';
import { TEMPLATE_FUNCTIONS } from './template-functions.ts';

const DATA = new GoStruct('system.dockerInfo', {
  Name: 'vm',
  NCPU: 4,
  Labels: ['a', 'b', 'c'],
  Plugins: new GoStruct('system.PluginsInfo', { Volume: ['local'] }),
  ServerVersion: '<1>&\'"x',
  Status: { map: { z: 1, k: 'v' } },
  Map: { b: '2', a: '1' },
});

/** Expected texts are what the docker command line answers. */
const ROWS: readonly (readonly [template: string, want: string])[] = [
  [
    '{{json .Labels}} {{json .Name}} {{json .ServerVersion}} {{json 1.5}} {{json nil}} {{json .Plugins.Volume}}',
    '["a","b","c"] "vm" "<1>&\'\\"x" 1.5 null ["local"]',
  ],
  ['{{join .Labels ","}}', 'a,b,c'],
  [
    '{{join .Name ","}}',
    'template: :1:7: executing "" at <.Name>: wrong type for value; expected []string; got string',
  ],
  [
    '{{split "a,b,c" ","}} {{upper "abc"}} {{lower "ABC"}} {{title "foo bar-baz"}} {{pad "x" 2 3}}| {{truncate "abcdef" 3}} {{truncate "ab" 3}}',
    '[a b c] ABC abc Foo Bar-Baz   x   | abc ab',
  ],
  ['{{upper 1}}', 'template: :1:8: executing "" at <1>: expected string; found 1'],
  [
    '{{upper .NCPU}}',
    'template: :1:8: executing "" at <.NCPU>: wrong type for value; expected string; got int',
  ],
  ['{{upper}}', 'template: :1:2: executing "" at <upper>: wrong number of args for upper: want 1 got 0'],
  [
    '{{upper "a" "b"}}',
    'template: :1:2: executing "" at <upper>: wrong number of args for upper: want 1 got 2',
  ],
  [
    '{{.NCPU | upper}}',
    'template: :1:10: executing "" at <upper>: wrong type for value; expected string; got int',
  ],
  ['{{split "a"}}', 'template: :1:2: executing "" at <split>: wrong number of args for split: want 2 got 1'],
  ['{{pad "" 1 1}}|', '|'],
  ['{{title "hELLO wORLD"}}', 'HELLO WORLD'],
  ['{{index .Labels 1 | upper}}', 'B'],
  ['{{.Status.map | json}}', '{"k":"v","z":1}'],
  ['{{json .Map}}', '{"a":"1","b":"2"}'],
];

test("Docker's template functions", () => {
  for (const [template, want] of ROWS) {
    let got: string;
    try {
      got = new GoTemplate(template, { functions: TEMPLATE_FUNCTIONS }).execute(DATA);
    } catch (error) {
      got = error instanceof Error ? error.message : String(error);
    }
    assert.equal(got, want, template);
  }
});

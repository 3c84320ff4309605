import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoTemplate } from './go-template.ts';
import { GoStruct, NIL_POINTER } from './go-value.ts';

/** Stands for Docker's info struct; the expected texts below are what Go's own engine answers for the same data. */
const INFO = new GoStruct('system.dockerInfo', {
  Name: 'vm',
  NCPU: 4,
  Debug: false,
  Labels: ['a', 'b', 'c'],
  MemTotal: 25276502016,
  DriverStatus: [['k', 'v']],
  Plugins: new GoStruct('system.PluginsInfo', { Volume: ['local'], Network: [], Authorization: [], Log: [] }),
  Warnings: null,
  ID: '',
  ServerVersion: '<1>&\'"x',
});

const VOLUME = new GoStruct('volume.Volume', {
  Name: 'v',
  Labels: { b: '2', a: '1' },
  Options: null,
  Status: {
    num: 1.5,
    int: 7,
    list: ['x', 'y'],
    nil: null,
    map: { z: 1, k: 'v' },
    t: true,
    empty: {},
    s: 'str',
    small: 0.00001,
  },
});

type Row = readonly [template: string, want: string];

const ON_STRUCTS: readonly Row[] = [
  ['{{.Name}}', 'vm'],
  ['{{ .Name }}', 'vm'],
  ['a{{- .Name -}} b', 'avmb'],
  ['a {{- .Name -}} b', 'avmb'],
  ['x {{/* c */}} y', 'x  y'],
  ['x {{- /* c */ -}} y', 'xy'],
  ['{{.Foo}}', 'template: :1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type system.dockerInfo'],
  ['{{.Name.Foo}}', 'template: :1:7: executing "" at <.Name.Foo>: can\'t evaluate field Foo in type string'],
  [
    '{{.Plugins.Foo.Bar}}',
    'template: :1:10: executing "" at <.Plugins.Foo.Bar>: can\'t evaluate field Foo in type system.PluginsInfo',
  ],
  [
    '{{.Labels.Foo}}',
    'template: :1:9: executing "" at <.Labels.Foo>: can\'t evaluate field Foo in type []string',
  ],
  ['{{index .Labels 0}}', 'a'],
  [
    '{{index .Labels 5}}',
    'template: :1:2: executing "" at <index .Labels 5>: error calling index: index out of range: 5',
  ],
  [
    '{{index .Labels "a"}}',
    'template: :1:2: executing "" at <index .Labels "a">: error calling index: cannot index slice/array with type string',
  ],
  ['{{index .Name 0}}', '118'],
  [
    '{{index .NCPU 0}}',
    'template: :1:2: executing "" at <index .NCPU 0>: error calling index: can\'t index item of type int',
  ],
  ['{{len .Labels}} {{len .Name}}', '3 2'],
  ['{{len .NCPU}}', 'template: :1:2: executing "" at <len .NCPU>: error calling len: len of type int'],
  ['{{slice .Labels 1 2}} {{slice .Name 1}}', '[b] m'],
  [
    '{{slice .Labels 2 1}}',
    'template: :1:2: executing "" at <slice .Labels 2 1>: error calling slice: invalid slice index: 2 > 1',
  ],
  [
    '{{slice .Labels 9}}',
    'template: :1:2: executing "" at <slice .Labels 9>: error calling slice: index out of range: 9',
  ],
  ['{{range .Labels}}{{.}},{{end}}', 'a,b,c,'],
  ['{{range $i, $e := .Labels}}{{$i}}={{$e}} {{end}}', '0=a 1=b 2=c '],
  ['{{range $e := .Labels}}{{$e}}{{else}}none{{end}}', 'abc'],
  ['{{range .Warnings}}x{{else}}none{{end}}', 'none'],
  ['{{range 3}}{{.}}{{end}}', '012'],
  ['{{range .Name}}x{{end}}', 'template: :1:8: executing "" at <.Name>: range can\'t iterate over vm'],
  ['{{range .Labels}}{{if eq . "b"}}{{break}}{{end}}{{.}}{{end}}', 'a'],
  ['{{range .Labels}}{{if eq . "b"}}{{continue}}{{end}}{{.}}{{end}}', 'ac'],
  ['{{break}}', 'template: :1: {{break}} outside {{range}}'],
  ['{{if .Debug}}y{{else if .Name}}n{{else}}z{{end}}', 'n'],
  ['{{if and .Name .Debug}}y{{else}}n{{end}}', 'n'],
  ['{{with .Name}}{{.}}{{$.NCPU}}{{end}}', 'vm4'],
  ['{{with .ID}}a{{else}}b{{end}}', 'b'],
  ['{{with .ID}}a{{else with .Name}}c{{.}}{{else}}b{{end}}', 'cvm'],
  ['{{$x := .Name}}{{$x}}{{$x = "q"}}{{$x}}', 'vmq'],
  ['{{$x}}', 'template: :1: undefined variable "$x"'],
  ['{{$x := 1}}{{if true}}{{$x = 2}}{{$x := 3}}{{end}}{{$x}}', '2'],
  ['{{define "t"}}[{{.}}]{{end}}{{template "t" .Name}}', '[vm]'],
  ['{{block "b" .Name}}<{{.}}>{{end}}', '<vm>'],
  [
    '{{template "nope"}}',
    'template: :1:11: executing "" at <{{template "nope"}}>: template "nope" not defined',
  ],
  [
    '{{define "t"}}{{.Foo}}{{end}}{{template "t" .}}',
    'template: :1:16: executing "t" at <.Foo>: can\'t evaluate field Foo in type system.dockerInfo',
  ],
  [
    '{{eq .NCPU 4}} {{ne .NCPU 4}} {{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge 1 2}}',
    'true false true true false false',
  ],
  ['{{eq .Name "a" "vm"}}', 'true'],
  [
    '{{eq .Name 1}}',
    'template: :1:2: executing "" at <eq .Name 1>: error calling eq: incompatible types for comparison',
  ],
  ['{{eq 1.5 1.5}}', 'true'],
  [
    '{{eq .Labels .Labels}}',
    'template: :1:2: executing "" at <eq .Labels .Labels>: error calling eq: non-comparable type [a b c]: []string',
  ],
  [
    '{{lt .Labels 1}}',
    'template: :1:2: executing "" at <lt .Labels 1>: error calling lt: invalid type for comparison',
  ],
  ['{{lt "a" "b"}}', 'true'],
  [
    '{{lt "a" 1}}',
    'template: :1:2: executing "" at <lt "a" 1>: error calling lt: incompatible types for comparison',
  ],
  ['{{eq 1}}', 'template: :1:2: executing "" at <eq 1>: error calling eq: missing argument for comparison'],
  ['{{not true}} {{not .ID}}', 'false true'],
  ['{{and 1 0 2}} {{or 0 "" "x"}}', '0 x'],
  ['{{and}}', 'template: :1:2: executing "" at <and>: wrong number of args for and: want at least 1 got 0'],
  ['{{not 1 2}}', 'template: :1:2: executing "" at <not>: wrong number of args for not: want 1 got 2'],
  ['{{print 1 2 "a" 3 4}}', '1 2a3 4'],
  ['{{print "a" "b" 1 2 true}}', 'ab1 2 true'],
  ['{{println "a" 1}}', 'a 1\n'],
  ['{{printf "%s-%d-%v" "a" 3 true}}', 'a-3-true'],
  [
    '{{printf "%5s|%-5s|%05d|%+d|%x|%X|%o|%b|%c|%U|%q" "a" "b" 42 42 255 255 8 5 65 65 "q\\n"}}',
    '    a|b    |00042|+42|ff|FF|10|101|A|U+0041|"q\\n"',
  ],
  ['{{printf "%d" "a"}}', '%!d(string=a)'],
  ['{{printf "%s" 3}}', '%!s(int=3)'],
  ['{{printf "%s %s" "a"}}', 'a %!s(MISSING)'],
  ['{{printf "%s" "a" "b"}}', 'a%!(EXTRA string=b)'],
  ['{{printf "%v" .Labels}} {{printf "%q" .Labels}}', '[a b c] ["a" "b" "c"]'],
  ['{{printf "%.2f %6.2f|%e|%g" 3.14159 2.5 12345.678 0.1}}', '3.14   2.50|1.234568e+04|0.1'],
  ['{{printf "%5.1f|%-8.3f|" 3.14159 2.5}}', '  3.1|2.500   |'],
  ['{{printf "%t" true}} {{printf "%%"}} {{printf "%"}}', 'true % %!(NOVERB)'],
  ['{{printf "%x" "hi"}} {{printf "%T %T" 1 "a"}}', '6869 int string'],
  ['{{printf "%*d" 5 42}}', '   42'],
  ['{{printf "%[2]s %[1]s" "a" "b"}}', 'b a'],
  ['{{printf "%6v|%-6v|" "ab" 12}}', '    ab|12    |'],
  ['{{printf "%t" 1}}', '%!t(int=1)'],
  ['{{printf "%d" 1.5}}', '%!d(float64=1.5)'],
  ['{{printf "%.1s" "abc"}}', 'a'],
  ['{{printf 1}}', 'template: :1:9: executing "" at <1>: expected string; found 1'],
  [
    '{{.ServerVersion}} {{html .ServerVersion}} {{js .ServerVersion}} {{urlquery "a b&c=d/é~"}}',
    '<1>&\'"x &lt;1&gt;&amp;&#39;&#34;x \\u003C1\\u003E\\u0026\\\'\\"x a+b%26c%3Dd%2F%C3%A9~',
  ],
  ['{{.Name | printf "%s-%s" "x"}}', 'x-vm'],
  ['{{.Name | len}}', '2'],
  ['{{"abc" | len | printf "%03d"}}', '003'],
  ['{{(index .Labels 0) | printf "%s!"}}', 'a!'],
  ['{{(.Plugins).Volume}}', '[local]'],
  ['{{(print "a" "b") | print}}', 'ab'],
  ['{{1 | 2}}', 'template: :1: non executable command in pipeline stage 2'],
  ['{{.Name | "x"}}', 'template: :1: non executable command in pipeline stage 2'],
  ['{{nil}}', 'template: :1:2: executing "" at <nil>: nil is not a command'],
  ['{{nil | print}}', 'template: :1:2: executing "" at <nil>: nil is not a command'],
  ['{{foo .Name}}', 'template: :1: function "foo" not defined'],
  ['{{.Name foo}}', 'template: :1: function "foo" not defined'],
  [
    '{{.Name "x"}}',
    'template: :1:2: executing "" at <.Name>: Name has arguments but cannot be invoked as function',
  ],
  ['{{3 4}}', 'template: :1:2: executing "" at <3>: can\'t give argument to non-function 3'],
  ['{{"a".Foo}}', 'template: :1: unexpected . after term "\\"a\\""'],
  ['{{.Name', 'template: :1: unclosed action'],
  ['{{.Name}', "template: :1: bad character U+007D '}'"],
  ['{{.Name }}{{', 'template: :1: unclosed action'],
  ['{{if .Name}}x', 'template: :1: unexpected EOF'],
  ['{{end}}', 'template: :1: unexpected {{end}}'],
  ['{{else}}', 'template: :1: unexpected {{else}}'],
  ['{{if}}x{{end}}', 'template: :1: missing value for if'],
  ['{{range}}x{{end}}', 'template: :1: missing value for range'],
  ['{{if .Name}}x{{else}}y{{else}}z{{end}}', 'template: :1: expected end; found {{else}}'],
  ['{{"abc}}', 'template: :1: unterminated quoted string'],
  ['{{`abc}}', 'template: :1: unterminated raw quoted string'],
  ["{{'a}}", 'template: :1: unterminated character constant'],
  ['{{&}}', 'template: :1: unexpected "&" in command'],
  ['{{.Name : x}}', 'template: :1: expected :='],
  ['{{(.Name}}', 'template: :1: unclosed left paren'],
  ['{{.Name)}}', 'template: :1: unexpected right paren'],
  ['{{/* x }}', 'template: :1: unclosed comment'],
  ['{{/* x */ .Name}}', 'template: :1: comment ends before closing delimiter'],
  ['{{}}', 'template: :1: missing value for command'],
  ['{{ | print}}', 'template: :1: unexpected "|" in command'],
  ['{{.Name |}}', 'vm'],
  [
    '{{"\\u00e9\\x41\\101\\t"}} {{`raw\\n`}} {{\'a\'}} {{0x10}} {{0b11}} {{0o17}} {{017}} {{1_000}} {{1e3}} {{1.50}} {{-3}} {{+3}}',
    'éAA\t raw\\n 97 16 3 15 15 1000 1000 1.5 -3 3',
  ],
  ['{{1.2.3}}', 'template: :1: unexpected ".3" in operand'],
  ['{{1x}}', 'template: :1: bad number syntax: "1x"'],
  ['{{"\\q"}}', 'template: :1: invalid syntax'],
  ['{{.MemTotal}}', '25276502016'],
  ['{{index .Labels}}', '[a b c]'],
  [
    '{{index}}',
    'template: :1:2: executing "" at <index>: wrong number of args for index: want at least 1 got 0',
  ],
  [
    '{{index nil 1}}',
    'template: :1:2: executing "" at <index nil 1>: error calling index: index of untyped nil',
  ],
  ['{{.DriverStatus}} {{index .DriverStatus 0 1}}', '[[k v]] v'],
  ['{{range .DriverStatus}}{{index . 0}}{{end}}', 'k'],
  ['{{range $i := .Labels}}{{$i}}{{end}}{{$i}}', 'template: :1: undefined variable "$i"'],
  ['{{range $i, $j, $k := .Labels}}{{end}}', 'template: :1: too many declarations in range'],
  ['{{$a, $b := .Name}}', 'template: :1: too many declarations in command'],
  ['{{template}}', 'template: :1: unexpected "}}" in template clause'],
  ['{{define}}x{{end}}', 'template: :1: unexpected "}}" in define clause'],
  ['{{define "x"}}y', 'template: :1: unexpected EOF'],
  ['{{block "x"}}y{{end}}', 'template: :1: missing value for block clause'],
  [
    '{{template "a" .Name .Name}}',
    'template: :1:11: executing "" at <{{template "a" .Name .Name}}>: template "a" not defined',
  ],
  ['{{if .Name -}} x {{- else -}} y {{- end}}', 'x'],
  ['{{"a" | printf "%s %s" "b"}}', 'b a'],
  ['{{true}} {{false}}', 'true false'],
  ['{{true 1}}', 'template: :1:2: executing "" at <true>: can\'t give argument to non-function true'],
  ['{{.Name.}}', 'template: :1: unexpected <.> in operand'],
  ['{{..}}', 'template: :1: unexpected <.> in operand'],
  ['{{.Na-me}}', "template: :1: bad character U+002D '-'"],
  ['{{eq .Warnings nil}}', 'true'],
  [
    '{{range $k, $v := .Plugins}}{{end}}',
    'template: :1:18: executing "" at <.Plugins>: range can\'t iterate over {[local] [] [] []}',
  ],
  [
    '{{slice .NCPU 1}}',
    'template: :1:2: executing "" at <slice .NCPU 1>: error calling slice: can\'t slice item of type int',
  ],
  [
    '{{slice .Name 0 1 2}}',
    'template: :1:2: executing "" at <slice .Name 0 1 2>: error calling slice: cannot 3-index slice a string',
  ],
  [
    '{{index .Labels -1}}',
    'template: :1:2: executing "" at <index .Labels -1>: error calling index: index out of range: -1',
  ],
  [
    '{{eq true 1}}',
    'template: :1:2: executing "" at <eq true 1>: error calling eq: incompatible types for comparison',
  ],
  [
    '{{lt 1 1.5}}',
    'template: :1:2: executing "" at <lt 1 1.5>: error calling lt: incompatible types for comparison',
  ],
  [
    '{{lt true false}}',
    'template: :1:2: executing "" at <lt true false>: error calling lt: invalid type for comparison',
  ],
  ['{{print nil}}', '<nil>'],
  [
    '{{and .Foo 1}}',
    'template: :1:6: executing "" at <.Foo>: can\'t evaluate field Foo in type system.dockerInfo',
  ],
  [
    '{{if .Foo}}a{{end}}',
    'template: :1:5: executing "" at <.Foo>: can\'t evaluate field Foo in type system.dockerInfo',
  ],
  ['{{.Name | foo}}', 'template: :1: function "foo" not defined'],
  ['{{- range .Labels }}\n {{ . }}\n{{- end }}', '\n a\n b\n c'],
  [
    'a\nb{{.Foo}}',
    'template: :2:3: executing "" at <.Foo>: can\'t evaluate field Foo in type system.dockerInfo',
  ],
  ['{{.Name\n}}', 'vm'],
  ['x\n{{.Name', 'template: :2: unclosed action'],
  ['x\n\n{{ "abc\n" }}', 'template: :3: unterminated quoted string'],
  ['{{if .Name}}\nx', 'template: :2: unexpected EOF'],
];

const ON_MAPS: readonly Row[] = [
  ['{{.Labels.a}} {{.Labels.zz}} {{index .Labels "zz"}}|', '1 <no value> |'],
  ['{{.Status.nope}}', '<no value>'],
  ['{{if .Status.nope}}a{{else}}b{{end}}', 'b'],
  ['{{.Status.nope.more}}', '<no value>'],
  ['{{.Status.map.k}} {{index .Status "map" "z"}} {{index .Status.list 1}}', 'v 1 y'],
  ['{{range .Labels}}{{.}}{{end}}', '12'],
  ['{{with .Status.map}}{{.k}}{{$.Name}}{{end}}', 'vv'],
  ['{{len .Labels}} {{len .Status.s}} {{len .Status.list}}', '2 3 2'],
  ['{{eq .Status.s "str"}} {{eq .Status.t true}} {{ne .Status.s "x"}}', 'true true true'],
  ['{{and .Status.t .Status.s}} {{or .Status.empty .Status.num}} {{not .Status.empty}}', 'str 1.5 true'],
  ['{{printf "%v %s" .Status.map .Status.list}}', 'map[k:v z:1] [x y]'],
  ['{{.Status.num}} {{.Status.small}} {{.Status.nil}}', '1.5 1e-05 <no value>'],
  ['{{if .Status.nil}}a{{else}}b{{end}}{{if .Status.empty}}a{{else}}b{{end}}', 'bb'],
  ['{{range $i, $e := .Status.list}}{{if $i}}, {{end}}{{$e}}{{end}}', 'x, y'],
  ['{{index .Status "nope"}}', '<no value>'],
  ['{{(index .Status "map").k}}', 'v'],
  ['{{print .Status.s .Status.t}}', 'strtrue'],
  ['{{$m := .Labels}}{{$m.a}}{{range $k, $_ := $m}}{{$k}}{{end}}', '1ab'],
  ['{{if eq (len .Labels) 2}}two{{end}}', 'two'],
  ['{{.ID}}', 'template: :1:2: executing "" at <.ID>: can\'t evaluate field ID in type volume.Volume'],
  ['{{range .Options}}x{{else}}none{{end}}', 'none'],
  ['{{slice .Status.list 1}}', '[y]'],
  ['{{ne .Status.nil nil}}', 'false'],
];

const OWN_VALUES: readonly { name: string; in: string; data: unknown; want: string }[] = [
  {
    name: 'integers beyond 2^53 keep their digits',
    in: '{{.}}',
    data: 1795235288123456789n,
    want: '1795235288123456789',
  },
  { name: 'big and small integers compare', in: '{{gt . 5}} {{eq . .}}', data: 2n ** 60n, want: 'true true' },
  {
    name: 'a nil pointer prints as such and is false',
    in: '{{.}} {{if .}}a{{else}}b{{end}}',
    data: NIL_POINTER,
    want: '<nil> b',
  },
  {
    name: 'an absent key of a map of lists is an empty list',
    in: '{{index . "x"}}',
    data: { a: ['b'] },
    want: '[]',
  },
  {
    name: 'a struct prints its fields in order',
    in: '{{.}}',
    data: new GoStruct('T', { B: 1, A: 'x', M: () => 1 }),
    want: '{1 x}',
  },
  {
    name: 'methods take arguments',
    in: '{{.Label "k"}}',
    data: new GoStruct('T', { Label: (name: string) => `<${name}>` }),
    want: '<k>',
  },
  {
    name: 'a method called with too few arguments',
    in: '{{.Label}}',
    data: new GoStruct('T', { Label: (name: string) => name }),
    want: 'template: :1:2: executing "" at <.Label>: wrong number of args for Label: want 1 got 0',
  },
  {
    name: 'endless recursion ends',
    in: '{{define "x"}}{{template "x"}}{{end}}{{template "x"}}',
    data: null,
    want: 'template: :1:25: executing "x" at <{{template "x"}}>: exceeded maximum template depth (500)',
  },
  {
    name: 'inherited properties are not entries',
    in: '{{.constructor}}{{index . "toString"}}',
    data: { a: 'b' },
    want: '<no value>',
  },
];

for (const [title, data, rows] of [
  ['structs', INFO, ON_STRUCTS],
  ['maps', VOLUME, ON_MAPS],
] as const) {
  test(`templates over ${title} give what Go gives`, () => {
    for (const [template, want] of rows) assert.equal(run(template, data), want, template);
  });
}

for (const row of OWN_VALUES) {
  test(row.name, () => assert.equal(run(row.in, row.data), row.want));
}

test('a missing key ends the execution when asked for', () => {
  const template = new GoTemplate('{{.a.b}}', { missingKeyIsError: true });
  assert.equal(template.execute({ a: { b: 1 } }), '1');
  assert.throws(() => template.execute({ a: {} }), {
    message: 'template: :1:4: executing "" at <.a.b>: map has no entry for key "b"',
  });
});

function run(template: string, data: unknown): string {
  try {
    return new GoTemplate(template).execute(data);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

import assert from 'node:assert/strict';
import test from 'node:test';
import { type LogFormat, parseLogLine, renderEntry } from './log-entry.ts';

const entry = parseLogLine(
  '{"log":"hi\\n","stream":"stderr","time":"2025-02-17T17:43:39.64Z","attrs":{"b":"x y","a":"1"}}',
);

const rows: { name: string; format: LogFormat; want: string }[] = [
  { name: 'plain', format: { timestamps: false, details: false }, want: 'hi\n' },
  {
    name: 'with a timestamp of nine digits',
    format: { timestamps: true, details: false },
    want: '2025-02-17T17:43:39.640000000Z hi\n',
  },
  {
    name: 'with sorted, escaped details',
    format: { timestamps: false, details: true },
    want: 'a=1,b=x+y hi\n',
  },
  {
    name: 'with both',
    format: { timestamps: true, details: true },
    want: '2025-02-17T17:43:39.640000000Z a=1,b=x+y hi\n',
  },
];

for (const { name, format, want } of rows) {
  test(`log entry ${name}`, () => {
    assert.ok(entry);
    const { stream, data } = renderEntry(entry, format);
    assert.equal(stream, 'stderr');
    assert.equal(Buffer.from(data).toString(), want);
  });
}

for (const bad of [
  '',
  'null',
  '{}',
  '{"log":1,"time":"2025-02-17T17:43:39Z"}',
  '{"log":"x","time":"yesterday"}',
  '{"log":"x"',
]) {
  test(`not a log entry: ${bad}`, () => assert.equal(parseLogLine(bad), undefined));
}

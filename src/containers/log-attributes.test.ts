import assert from 'node:assert/strict';
import test from 'node:test';
import { checkLogConfig } from './check-log.ts';
import { logAttributes } from './log-attributes.ts';

const container = { labels: { app: 'x', tier: 'front' }, env: ['A=1=2', 'B=', 'LANG'] };

const rows: { options: Record<string, string>; want: Record<string, string> | undefined }[] = [
  { options: {}, want: undefined },
  { options: { labels: 'app,nothing' }, want: { app: 'x' } },
  { options: { 'labels-regex': '^t' }, want: { tier: 'front' } },
  { options: { env: 'A,B' }, want: { A: '1=2', B: '' } },
  { options: { 'env-regex': '^(A|LANG)$', labels: 'tier' }, want: { tier: 'front', A: '1=2', LANG: '' } },
];

for (const { options, want } of rows) {
  test(`log attributes of ${JSON.stringify(options)}`, () => {
    const log = checkLogConfig({ type: 'json-file', config: options });
    assert.ok(log.driver === 'json-file');
    assert.deepEqual(logAttributes(log.attributes, container), want);
  });
}

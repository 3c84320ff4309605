import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ansic, goTimeString, rfc3339, rfc3339Nano } from './go-time.ts';

const zone = process.env['TZ'];
after(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

const rows = [
  { zone: 'UTC', string: '2026-11-21 04:28:08 +0000 UTC', rfc: '2026-11-21T04:28:08Z' },
  { zone: '', string: '2026-11-21 04:28:08 +0000 UTC', rfc: '2026-11-21T04:28:08Z' },
  { zone: 'Asia/Tokyo', string: '2026-11-21 13:28:08 +0900 JST', rfc: '2026-11-21T13:28:08+09:00' },
  { zone: 'America/New_York', string: '2026-11-20 23:28:08 -0500 EST', rfc: '2026-11-20T23:28:08-05:00' },
  { zone: 'Asia/Kathmandu', string: '2026-11-21 10:13:08 +0545 +0545', rfc: '2026-11-21T10:13:08+05:45' },
];

for (const row of rows) {
  test(`times as Go prints them in ${row.zone || 'an empty zone'}`, () => {
    process.env['TZ'] = row.zone;
    assert.equal(goTimeString(1795235288), row.string);
    assert.equal(rfc3339(1795235288), row.rfc);
  });
}

test('daylight saving time has a name of its own', () => {
  process.env['TZ'] = 'Europe/Berlin';
  assert.equal(goTimeString(1784700000), '2026-07-22 08:00:00 +0200 CEST');
});

test('other forms', () => {
  process.env['TZ'] = 'UTC';
  assert.equal(rfc3339Nano(1795235288248193305n), '2026-11-21T04:28:08.248193305Z');
  assert.equal(ansic('2026-05-07T21:09:36.000000000+00:00'), 'Thu May  7 21:09:36 2026');
  assert.equal(ansic('unknown'), 'unknown');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseParser } from './response-parser.ts';

interface Row {
  name: string;
  in: string;
  head?: boolean;
  /** The connection closes after the input. */
  closes?: boolean;
  /** Status, body, whether the connection may be used again, and what follows the response. */
  want: readonly [status: number, body: string, keepAlive: boolean, rest?: string];
}

const GOOD: readonly Row[] = [
  {
    name: 'a length',
    in: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    want: [200, 'hello', true, ''],
  },
  { name: 'no body', in: 'HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n', want: [201, '', true, ''] },
  { name: 'no reason', in: 'HTTP/1.1 204\r\n\r\nnext', want: [204, '', true, 'next'] },
  {
    name: 'never a body',
    in: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
    want: [304, '', true, ''],
  },
  {
    name: 'a HEAD',
    in: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n',
    head: true,
    want: [200, '', true, ''],
  },
  {
    name: 'chunks, with an extension and a trailer',
    in: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nB \r\n wide world\r\n0\r\nX: y\r\n\r\nrest',
    want: [200, 'hello wide world', true, 'rest'],
  },
  {
    name: 'until the end',
    in: 'HTTP/1.1 200 OK\r\n\r\nall of it',
    closes: true,
    want: [200, 'all of it', false],
  },
  { name: 'HTTP/1.0', in: 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx', want: [200, 'x', false, ''] },
  {
    name: 'not kept',
    in: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx',
    want: [200, 'x', false, ''],
  },
  {
    name: 'chunks outrank a length',
    in: 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
    want: [200, 'x', true, ''],
  },
  {
    name: 'a length said twice',
    in: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx',
    want: [200, 'x', true, ''],
  },
  {
    name: 'to be continued',
    in: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx',
    want: [200, 'x', true, ''],
  },
  {
    name: 'another protocol',
    in: 'HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\nraw',
    want: [101, '', true, 'raw'],
  },
];

for (const row of GOOD) {
  test(`a response: ${row.name}`, () => {
    for (let size = 1; size <= row.in.length; size++)
      assert.deepEqual(parse(row, size), row.want, `pieces of ${size}`);
  });
}

function parse(row: Row, size: number): unknown[] {
  let status = 0;
  let keepAlive = false;
  let body = '';
  let ended = 0;
  const parser = new ResponseParser(row.head ?? false, {
    onHead: (head) => ({ status, keepAlive } = head),
    onData: (bytes) => (body += bytes.toString()),
    onEnd: () => ended++,
  });
  const input = Buffer.from(row.in);
  let rest: string | undefined;
  for (let at = 0; at < input.length; at += size) {
    const piece = input.subarray(at, at + size);
    if (rest === undefined) rest = parser.push(piece)?.toString();
    else rest += piece.toString();
  }
  if (row.closes) parser.close();
  assert.equal(ended, 1);
  return rest === undefined ? [status, body, keepAlive] : [status, body, keepAlive, rest];
}

test('headers', () => {
  let headers: ReadonlyMap<string, string> = new Map();
  const parser = new ResponseParser(false, {
    onHead: (head) => (headers = head.headers),
    onData: () => {},
    onEnd: () => {},
  });
  parser.push(
    Buffer.from('HTTP/1.1 200 OK\r\nApi-Version:1.45\r\nX-A: b \r\nx-a:\tc\r\nContent-Length: 0\r\n\r\n'),
  );
  assert.deepEqual(
    [...headers],
    [
      ['api-version', '1.45'],
      ['x-a', 'b, c'],
      ['content-length', '0'],
    ],
  );
});

test('what is no response is refused', () => {
  const rows: readonly string[] = [
    'hello\r\n\r\n',
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 999 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1'.repeat(10_000)}`,
    `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(70_000)}`,
  ];
  for (const input of rows) {
    const parser = new ResponseParser(false, { onHead: () => {}, onData: () => {}, onEnd: () => {} });
    assert.throws(
      () => parser.push(Buffer.from(input)),
      { kind: 'invalid', message: /is not HTTP/ },
      input.slice(0, 60),
    );
  }
});

test('a connection lost on the way is noticed', () => {
  for (const input of ['', 'HTTP/1.1 200', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel']) {
    const parser = new ResponseParser(false, { onHead: () => {}, onData: () => {}, onEnd: () => {} });
    parser.push(Buffer.from(input));
    assert.throws(() => parser.close(), { kind: 'unavailable' });
    assert.equal(parser.untouched, input === '');
  }
});

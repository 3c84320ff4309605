import type { Readable } from 'node:stream';

/** What a route hands back; `server.ts` is the one place that turns it into HTTP. */
export type Reply =
  | { kind: 'json'; status: number; body: unknown; headers?: Readonly<Record<string, string>> }
  | { kind: 'text'; status: number; body: string; headers?: Readonly<Record<string, string>> }
  | { kind: 'empty'; status: number; headers?: Readonly<Record<string, string>> }
  /** Headers are sent at once, the body as it comes (chunked). */
  | { kind: 'stream'; contentType: string; body: AsyncIterable<Uint8Array | string> | Readable }
  /** The route took the connection over and has finished with it. */
  | { kind: 'hijacked' };

export function json(body: unknown, status = 200): Reply {
  return { kind: 'json', status, body };
}

export function empty(status = 204): Reply {
  return { kind: 'empty', status };
}

export function stream(contentType: string, body: AsyncIterable<Uint8Array | string> | Readable): Reply {
  return { kind: 'stream', contentType, body };
}

import { chownSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { EngineError, messageOf } from '../base/errors.ts';

/** First descriptor handed over by socket activation (sd_listen_fds(3)). */
const FIRST_ACTIVATED_FD = 3;

/** Where the API listens; parsed from `-H`. */
export type Host =
  | { kind: 'unix'; path: string }
  | { kind: 'tcp'; host: string; port: number }
  | { kind: 'fd'; fds: readonly number[] };

/** Parses a `-H` value. `env` is consulted for socket activation. Throws `invalid` naming the value. */
export function parseHost(text: string, env: NodeJS.ProcessEnv = process.env): Host {
  const unix = /^unix:\/\/(.+)$/.exec(text);
  if (unix?.[1]) return { kind: 'unix', path: unix[1] };
  const tcp = /^tcp:\/\/(?:\[([0-9a-fA-F:]+)\]|([^:/]*))(?::(\d+))?\/?$/.exec(text);
  if (tcp) return { kind: 'tcp', host: tcp[1] ?? (tcp[2] || '127.0.0.1'), port: Number(tcp[3] ?? 2375) };
  if (text === 'fd://' || text === 'fd://*') {
    const count = env['LISTEN_PID'] === String(process.pid) ? Number(env['LISTEN_FDS'] ?? 0) : 0;
    if (count < 1)
      throw new EngineError(
        'invalid',
        `no sockets found via socket activation (${text}): start gantryd from its socket unit`,
      );
    return { kind: 'fd', fds: Array.from({ length: count }, (_, i) => FIRST_ACTIVATED_FD + i) };
  }
  throw new EngineError(
    'invalid',
    `invalid host ${JSON.stringify(text)}: expected unix://PATH, tcp://HOST:PORT or fd://`,
  );
}

/**
 * Makes `server` listen at `host`. A unix socket is made with mode 0660 and `group` when that group exists; a stale one
 * is replaced, one that answers is an error. Answers what to print.
 */
export async function listen(server: Server, host: Host, group: string): Promise<string> {
  switch (host.kind) {
    case 'unix':
      await clearStaleSocket(host.path);
      await listenUnix(server, host.path, group);
      return host.path;
    case 'tcp':
      await listening(server, () => server.listen(host.port, host.host));
      return `${host.host}:${host.port}`;
    case 'fd':
      for (const fd of host.fds) await listening(server, () => server.listen({ fd }));
      return `fd ${host.fds.join(', ')}`;
  }
}

function listening(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(new EngineError('system', `cannot listen: ${cause.message}`, { cause }));
    server.once('error', failed);
    server.once('listening', () => {
      server.off('error', failed);
      resolve();
    });
    start();
  });
}

async function listenUnix(server: Server, path: string, group: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  // The mode must be right from the first instant: bind(2) applies the umask, and Node binds before listen() returns.
  const umask = process.umask(0o117);
  let done: Promise<void>;
  try {
    done = listening(server, () => server.listen(path));
  } finally {
    process.umask(umask);
  }
  await done;
  const gid = groupId(group);
  if (gid !== undefined) chownSync(path, 0, gid);
}

async function clearStaleSocket(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isSocket())
    throw new EngineError('conflict', `cannot listen on ${path}: it exists and is not a socket`);
  if (await answers(path))
    throw new EngineError('conflict', `cannot listen on ${path}: another daemon answers there`);
  rmSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function groupId(name: string): number | undefined {
  let text: string;
  try {
    text = readFileSync('/etc/group', 'utf8');
  } catch (cause) {
    throw new EngineError('system', `cannot read /etc/group: ${messageOf(cause)}`, { cause });
  }
  const line = text.split('\n').find((each) => each.startsWith(`${name}:`));
  return line ? Number(line.split(':')[2]) : undefined;
}

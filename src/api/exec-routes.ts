import { defined } from '../base/defined.ts';
import { isEngineError } from '../base/errors.ts';
import type { Engine } from '../engine/engine.ts';
import { type ExecInspection, execCreate, execInspect, execResize } from '../engine/exec.ts';
import { execStart } from '../engine/exec-start.ts';
import * as wire from '../wire/decode.ts';
import { frameHeader, STDOUT } from '../wire/stdcopy.ts';
import type { IdResponse } from '../wire/types-common.ts';
import type { ExecInspect } from '../wire/types-exec.ts';
import { terminalSide } from './container-routes.ts';
import { pumpSession, streamType } from './pump.ts';
import { empty, json, type Reply } from './reply.ts';
import { type ApiRequest, param, readJson } from './request.ts';
import type { Route } from './router.ts';

/** `/exec` and the route that makes one. */
export function execRoutes(engine: Engine): Route[] {
  return [
    { method: 'POST', path: '/containers/{id}/exec', handle: (request) => create(engine, request) },
    { method: 'POST', path: '/exec/{id}/start', handle: (request) => start(engine, request) },
    { method: 'POST', path: '/exec/{id}/resize', handle: (request) => resize(engine, request) },
    {
      method: 'GET',
      path: '/exec/{id}/json',
      handle: (request) => json(view(execInspect(engine, param(request, 'id')))),
    },
  ];
}

const size: wire.Decoder<readonly [number, number]> = (value, path) => {
  const [height = 0, width = 0] = wire.array(wire.integer)(value, path);
  return [height, width];
};

const createBody = wire.object({
  Cmd: wire.strings,
  AttachStdin: wire.boolean,
  AttachStdout: wire.boolean,
  AttachStderr: wire.boolean,
  Tty: wire.boolean,
  Env: wire.array(wire.string),
  Privileged: wire.boolean,
  User: wire.string,
  WorkingDir: wire.string,
  DetachKeys: wire.string,
  ConsoleSize: size,
});

const startBody = wire.object({ Detach: wire.boolean, Tty: wire.boolean, ConsoleSize: size });

async function create(engine: Engine, request: ApiRequest): Promise<Reply> {
  const body = createBody((await readJson(request)) ?? {}, '');
  const { id } = await execCreate(request.ctx, engine, param(request, 'id'), {
    cmd: body.Cmd ?? [],
    attachStdin: body.AttachStdin ?? false,
    attachStdout: body.AttachStdout ?? false,
    attachStderr: body.AttachStderr ?? false,
    tty: body.Tty ?? false,
    env: body.Env ?? [],
    privileged: body.Privileged ?? false,
    user: body.User ?? '',
    workingDir: body.WorkingDir ?? '',
    detachKeys: body.DetachKeys ?? '',
    ...defined({ consoleSize: body.ConsoleSize }),
  });
  const answer: IdResponse = { Id: id };
  return json(answer, 201);
}

/**
 * A program that cannot be executed is told on the stream, as dockerd does it: the client reads the exit code (126 or
 * 127) from the inspection afterwards.
 */
async function start(engine: Engine, request: ApiRequest): Promise<Reply> {
  const body = startBody((await readJson(request)) ?? {}, '');
  const execId = param(request, 'id');
  const tty = execInspect(engine, execId).input.tty;
  try {
    const session = await execStart(request.ctx, engine, execId, {
      detach: body.Detach ?? false,
      tty: body.Tty ?? false,
      ...defined({ consoleSize: body.ConsoleSize }),
    });
    if (!session) return empty(200);
    await pumpSession(session, request.hijack(streamType(session.tty, request.version)));
  } catch (error) {
    if (body.Detach || !isEngineError(error, 'invalid')) throw error;
    const text = Buffer.from(`${error.message}\r\n`);
    const connection = request.hijack(streamType(tty, request.version));
    connection.on('error', () => {});
    connection.end(tty ? text : Buffer.concat([frameHeader(STDOUT, text.length), text]));
  }
  return { kind: 'hijacked' };
}

async function resize(engine: Engine, request: ApiRequest): Promise<Reply> {
  await execResize(
    request.ctx,
    engine,
    param(request, 'id'),
    terminalSide(request, 'h'),
    terminalSide(request, 'w'),
  );
  return empty(200);
}

function view(exec: ExecInspection): ExecInspect {
  const [entrypoint = '', ...args] = exec.input.cmd;
  return {
    ID: exec.id,
    Running: exec.running,
    ExitCode: exec.exitCode ?? null,
    ProcessConfig: {
      tty: exec.input.tty,
      entrypoint,
      arguments: args,
      privileged: exec.input.privileged,
      ...(exec.input.user !== '' && { user: exec.input.user }),
    },
    OpenStdin: exec.openStdin,
    OpenStderr: exec.input.attachStderr,
    OpenStdout: exec.input.attachStdout,
    CanRemove: exec.canRemove,
    ContainerID: exec.containerId,
    DetachKeys: exec.input.detachKeys,
    Pid: exec.pid,
  };
}

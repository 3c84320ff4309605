import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { checkLogConfig } from '../containers/check-log.ts';
import { renderEntry } from '../containers/log-entry.ts';
import { readLog } from '../containers/logs.ts';
import type { OutputChunk } from '../containers/output.ts';
import type { ContainerRecord } from '../containers/record.ts';
import { parseDetachKeys } from '../formats/detach-keys.ts';
import type { AttachRequest, ShimAttachment, ShimStreams } from '../kernel/shim-client.ts';
import type { AttachSession } from './attach-session.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';
import { containerPaths } from './paths.ts';
import { openSession } from './session.ts';

export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Live streams. */
  readonly stream: boolean;
  /** What was logged so far, first. */
  readonly logs: boolean;
  /** `ctrl-p,ctrl-q` when absent or empty. */
  readonly detachKeys?: string;
}

/**
 * Connects to a container's streams; before it is started as well: then from its first byte on. `ctx.signal` ends the
 * session like `close()`. Errors: `not-found`, `conflict` (paused, restarting), `invalid` (detach keys).
 */
export async function attachContainer(
  ctx: Ctx,
  engine: Engine,
  ref: string,
  options: AttachOptions,
): Promise<AttachSession> {
  const record = engine.containers.resolve(ref);
  const detachKeys = parseDetachKeys(options.detachKeys);
  checkAttachable(record);
  const logs = options.logs && checkLogConfig(record.hostConfig.logConfig).driver !== 'none';
  const wish: AttachRequest = {
    stdin: options.stdin && options.stream && record.config.openStdin,
    stdout: options.stdout,
    stderr: options.stderr,
    pending: logs,
  };
  const { streams, cancel } = options.stream ? connect(ctx, engine, record, wish) : NOT_LIVE;
  publishContainer(engine, record, 'attach');
  return openSession(ctx.signal, {
    tty: record.config.tty,
    stdin: wish.stdin,
    stdout: options.stdout,
    stderr: options.stderr,
    detachKeys,
    endsInput: record.config.stdinOnce,
    streams,
    ...(logs && { prelude: (live) => replay(ctx, engine, record, live, options) }),
    onEnd: (how) => {
      cancel();
      if (how === 'detached') publishContainer(engine, record, 'detach');
    },
  });
}

function checkAttachable({ id, state }: ContainerRecord): void {
  if (state.status === 'paused') {
    throw new EngineError('conflict', `container ${id} is paused, unpause the container before attach`);
  }
  if (state.status === 'restarting') {
    throw new EngineError('conflict', `container ${id} is restarting, wait until the container is running`);
  }
}

interface Connecting {
  readonly streams: Promise<ShimStreams | undefined>;
  /** Stops waiting for a start. */
  readonly cancel: () => void;
}

const NOT_LIVE: Connecting = { streams: Promise.resolve(undefined), cancel: () => {} };

function connect(ctx: Ctx, engine: Engine, record: ContainerRecord, wish: AttachRequest): Connecting {
  const run = engine.runs.get(record.id);
  return run
    ? { streams: run.shim.attach(ctx, wish), cancel: () => {} }
    : engine.attachments.wait(record.id, (shim) => shim.attach(ctx, wish));
}

/** The log as far as the live output does not repeat it. */
async function* replay(
  ctx: Ctx,
  engine: Engine,
  record: ContainerRecord,
  live: ShimStreams | undefined,
  options: AttachOptions,
): AsyncGenerator<OutputChunk> {
  const { log } = containerPaths(engine.paths, record.id);
  const end = live && isAttachment(live) ? { end: live.log } : {};
  for await (const batch of readLog(ctx, log, end)) {
    for (const entry of batch) {
      if (options[entry.stream]) yield renderEntry(entry, { timestamps: false, details: false });
    }
  }
}

function isAttachment(streams: ShimStreams): streams is ShimAttachment {
  return 'log' in streams;
}

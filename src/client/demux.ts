import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { EngineError } from '../base/errors.ts';
import { FrameDecoder, STDERR, STDOUT, SYSTEM_ERROR } from '../wire/stdcopy.ts';
import { chunksOf } from './read-body.ts';

/**
 * Copies a multiplexed stream to its two targets until it ends, no faster than they take it. Throws `system` with the
 * daemon's message when the daemon reports an error in the stream, `data-loss` when it is cut off within a frame.
 */
export async function demultiplex(source: Readable, stdout: Writable, stderr: Writable): Promise<void> {
  const decoder = new FrameDecoder();
  const problem: Buffer[] = [];
  for await (const chunk of chunksOf(source, 'output')) {
    for (const { stream, bytes } of decoder.push(chunk)) {
      if (stream === STDOUT) await write(stdout, bytes);
      else if (stream === STDERR) await write(stderr, bytes);
      else if (stream === SYSTEM_ERROR) problem.push(bytes);
    }
  }
  if (problem.length > 0) {
    throw new EngineError(
      'system',
      `error from daemon in stream: ${Buffer.concat(problem).toString('utf8')}`,
    );
  }
  if (!decoder.atBoundary) throw new EngineError('data-loss', 'the stream ended within a frame');
}

/** Copies a raw stream (a TTY's) until it ends, no faster than `target` takes it. */
export async function copy(source: Readable, target: Writable): Promise<void> {
  for await (const chunk of chunksOf(source, 'output')) await write(target, chunk);
}

async function write(target: Writable, bytes: Buffer): Promise<void> {
  if (!target.write(bytes)) await once(target, 'drain');
}

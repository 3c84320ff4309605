import { isEngineError } from '../base/errors.ts';
import type { Cli } from './cli-context.ts';

type Outcome = { kind: 'done'; line: string } | { kind: 'failed'; error: Error };

/**
 * Does `work` for every name, all at once. Prints, in order, the line it answers (the name when it answers nothing), and
 * the errors at the end. The exit code is 1 when there was an error that is not `forgiven`.
 */
export async function forEachName(
  cli: Cli,
  names: readonly string[],
  work: (name: string) => Promise<unknown>,
  forgiven: (error: Error) => boolean = () => false,
): Promise<number> {
  const started = names.map((name) => work(name).then((line) => done(line, name), failed));
  const errors: Error[] = [];
  for (const pending of started) {
    const outcome = await pending;
    if (outcome.kind === 'done') cli.stdout.write(`${outcome.line}\n`);
    else errors.push(outcome.error);
  }
  for (const error of errors) cli.stderr.write(`${error.message}\n`);
  return errors.every(forgiven) ? 0 : 1;
}

function done(line: unknown, name: string): Outcome {
  return { kind: 'done', line: typeof line === 'string' ? line : name };
}

function failed(error: unknown): Outcome {
  if (isEngineError(error) && error.kind !== 'cancelled') return { kind: 'failed', error };
  throw error;
}

import { EngineError, isEngineError } from '../base/errors.ts';
import { isDaemonError } from '../client/daemon-error.ts';
import { indentJson, parseExactJson } from '../formats/exact-json.ts';
import type { GoTemplate } from '../formats/go-template.ts';
import type { Cli } from './cli-context.ts';
import { asView } from './format/json-view.ts';
import { parseFormat } from './format/value.ts';

/** One inspected object: the daemon's own JSON and what it describes. */
export interface Inspected {
  raw: string;
  /** `Container`, `Image` …: decides which absent fields templates may name. */
  kind: string;
}

/**
 * Inspects every name and prints the results: an indented JSON array, compact JSON for `json`, or a template's text for
 * each. What cannot be found is reported after the rest; the exit code is then 1.
 */
export async function inspectAll(
  cli: Cli,
  names: readonly string[],
  format: string,
  lookUp: (name: string) => Promise<Inspected>,
): Promise<number> {
  const templates = templatesOf(format);
  const found: Inspected[] = [];
  const texts: string[] = [];
  const errors: Error[] = [];
  for (const name of names) {
    try {
      const object = await lookUp(name);
      found.push(object);
      if (templates) texts.push(applyTemplate(templates, object));
    } catch (error) {
      if (!isEngineError(error) || error.kind === 'cancelled') throw error;
      errors.push(error);
      if (!isDaemonError(error) && error.kind !== 'not-found') break;
    }
  }
  cli.stdout.write(render(templates, format, found, texts));
  for (const error of errors) cli.stderr.write(`${error.message}\n`);
  return errors.length === 0 ? 0 : 1;
}

/** A template over typed values, and the same over plain JSON for what the first cannot find. */
interface Templates {
  typed: GoTemplate;
  raw: GoTemplate;
}

function templatesOf(format: string): Templates | undefined {
  if (format === '' || format === 'json') return undefined;
  return { typed: parseFormat(format), raw: parseFormat(format, '', true) };
}

function applyTemplate({ typed, raw }: Templates, { raw: text, kind }: Inspected): string {
  const value = parseExactJson(text, 'the daemon’s answer');
  try {
    return typed.execute(asView(value, kind));
  } catch (error) {
    if (!isEngineError(error, 'invalid')) throw error;
  }
  try {
    return raw.execute(value);
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new EngineError('invalid', `template parsing error: ${error.message}`, { cause: error });
  }
}

function render(
  templates: Templates | undefined,
  format: string,
  found: readonly Inspected[],
  texts: readonly string[],
): string {
  if (templates) return texts.length > 0 ? `${texts.join('\n')}\n` : '\n';
  const array = `[${found.map(({ raw }) => raw.trim()).join(',')}]`;
  return `${format === 'json' ? array : indentJson(array)}\n`;
}

import { EngineError, messageOf } from '../../base/errors.ts';
import { GoTemplate } from '../../formats/go-template.ts';
import { TEMPLATE_FUNCTIONS } from './template-functions.ts';

/** A single value in `format` (`json` or a template), and a newline. Throws `invalid`. */
export function renderValue(value: unknown, format: string, name = ''): string {
  const source = format === 'json' ? '{{json .}}' : format;
  return `${parseFormat(source, name).execute(value)}\n`;
}

/** The template of a `--format`. Throws `invalid` as docker words it. */
export function parseFormat(source: string, name = '', missingKeyIsError = false): GoTemplate {
  try {
    return new GoTemplate(source, { functions: TEMPLATE_FUNCTIONS, name, missingKeyIsError });
  } catch (error) {
    throw new EngineError('invalid', `template parsing error: ${messageOf(error)}`, { cause: error });
  }
}

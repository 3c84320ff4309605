import { messageOf } from '../../base/errors.ts';
import { GoTemplate } from '../../formats/go-template.ts';
import { ExitError } from '../exit.ts';
import { TEMPLATE_FUNCTIONS } from './template-functions.ts';

/** The code for a `--format` that cannot be understood. */
export const EXIT_BAD_TEMPLATE = 64;

/** A single value in `format` (`json` or a template), and a newline. Throws `invalid`. */
export function renderValue(value: unknown, format: string, name = ''): string {
  return `${parseFormat(format, name).execute(value)}\n`;
}

/** The template of a `--format`; `json` is short for `{{json .}}`. Throws {@link ExitError} as docker words it. */
export function parseFormat(format: string, name = '', missingKeyIsError = false): GoTemplate {
  const source = format === 'json' ? '{{json .}}' : format;
  try {
    return new GoTemplate(source, { functions: TEMPLATE_FUNCTIONS, name, missingKeyIsError });
  } catch (error) {
    throw new ExitError(EXIT_BAD_TEMPLATE, `template parsing error: ${messageOf(error)}`, { cause: error });
  }
}

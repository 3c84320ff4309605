import type { Program } from './go-template/evaluate.ts';
import { execute } from './go-template/exec.ts';
import { BUILTINS } from './go-template/functions.ts';
import { parseTree } from './go-template/parse.ts';
import type { GoFunction } from './go-value.ts';

export interface TemplateOptions {
  /** Functions beside Go's own; one of the same name takes its place. */
  functions?: Readonly<Record<string, GoFunction>>;
  /** Name for error messages; empty by default, as Docker's are. */
  name?: string;
  /** Go's `missingkey=error`. */
  missingKeyIsError?: boolean;
}

/**
 * A template of Go's text/template language (https://pkg.go.dev/text/template), over the values of `go-value.ts`.
 * Pure: the same data gives the same text.
 */
export class GoTemplate {
  readonly #program: Program;

  /** Throws `invalid`, worded as Go does: `template: NAME:LINE: …`. */
  constructor(text: string, options: TemplateOptions = {}) {
    const functions = new Map(Object.entries({ ...BUILTINS, ...options.functions }));
    const name = options.name ?? '';
    const tree = parseTree(name, text, new Set(functions.keys()));
    this.#program = { name, text, tree, functions, missingKeyIsError: options.missingKeyIsError ?? false };
  }

  /** The template's output over `data`. Throws `invalid`: `template: NAME:LINE:COLUMN: executing … at <…>: …`. */
  execute(data: unknown): string {
    return execute(this.#program, data);
  }
}

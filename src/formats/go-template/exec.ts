import { unreachable } from '../../base/never.ts';
import { formatGoValue, goKind, sortedEntries } from '../go-value.ts';
import { Evaluator, type Program } from './evaluate.ts';
import { isTrue } from './functions.ts';
import { type Branch, type Node, type Pipe, pipeText } from './nodes.ts';

/** Go allows 100000 levels, which a JavaScript stack does not hold. */
const MAX_DEPTH = 500;
const MAX_OUTPUT = 64 * 1024 * 1024;

/** What a list of nodes ended with. */
type Flow = 'next' | 'break' | 'continue';

/** Runs a template over `data`. Throws `invalid`: `template: NAME:LINE:COL: executing "NAME" at <…>: …`. */
export function execute(program: Program, data: unknown): string {
  const output = new Output();
  new Run(program, program.name, 0, data, output).list(program.tree.body, data);
  return output.toString();
}

class Output {
  readonly #parts: string[] = [];
  #size = 0;

  /** False when the output has grown beyond all reason. */
  write(text: string): boolean {
    this.#size += text.length;
    this.#parts.push(text);
    return this.#size <= MAX_OUTPUT;
  }

  toString(): string {
    return this.#parts.join('');
  }
}

class Run {
  readonly #program: Program;
  readonly #depth: number;
  readonly #output: Output;
  readonly #evaluator: Evaluator;

  constructor(program: Program, template: string, depth: number, data: unknown, output: Output) {
    this.#program = program;
    this.#depth = depth;
    this.#output = output;
    this.#evaluator = new Evaluator(program, template, data);
  }

  list(nodes: readonly Node[], dot: unknown): Flow {
    for (const node of nodes) {
      const flow = this.#node(node, dot);
      if (flow !== 'next') return flow;
    }
    return 'next';
  }

  #node(node: Node, dot: unknown): Flow {
    switch (node.kind) {
      case 'text':
        this.#write(node.text);
        return 'next';
      case 'action': {
        const value = this.#evaluator.pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0) this.#write(printed(value));
        return 'next';
      }
      case 'if':
      case 'with':
        return this.#choose(node, dot);
      case 'range':
        return this.#range(node, dot);
      case 'template':
        this.#call(node, dot);
        return 'next';
      case 'break':
      case 'continue':
        return node.kind;
      default:
        return unreachable(node);
    }
  }

  #write(text: string): void {
    if (!this.#output.write(text)) this.#evaluator.fail('output too large');
  }

  #choose(node: Branch, dot: unknown): Flow {
    const scope = this.#evaluator.variables.length;
    const value = this.#evaluator.pipe(node.pipe, dot);
    const inner = node.kind === 'with' ? value : dot;
    const flow = isTrue(value) ? this.list(node.body, inner) : this.list(node.otherwise ?? [], dot);
    this.#evaluator.variables.length = scope;
    return flow;
  }

  #range(node: Branch, dot: unknown): Flow {
    const scope = this.#evaluator.variables.length;
    const value = this.#evaluator.pipe(node.pipe, dot, true);
    const items = this.#itemsOf(value);
    if (items.length === 0) {
      const flow = this.list(node.otherwise ?? [], dot);
      this.#evaluator.variables.length = scope;
      return flow;
    }
    for (const [key, item] of items) {
      this.#bind(node.pipe, key, item);
      const inner = this.#evaluator.variables.length;
      const flow = this.list(node.body, item);
      this.#evaluator.variables.length = Math.min(inner, this.#evaluator.variables.length);
      if (!node.pipe.assigns) this.#evaluator.variables.length = scope;
      if (flow === 'break') break;
    }
    this.#evaluator.variables.length = scope;
    return 'next';
  }

  #bind(pipe: Pipe, key: unknown, item: unknown): void {
    const values = pipe.variables.length > 1 ? [key, item] : [item];
    for (const [i, name] of pipe.variables.entries())
      this.#evaluator.setVariable(name, values[i], pipe.assigns);
  }

  #itemsOf(value: unknown): [unknown, unknown][] {
    switch (goKind(value)) {
      case 'nil':
        return [];
      case 'slice':
        return Array.isArray(value) ? [...value.entries()] : [];
      case 'map':
        return typeof value === 'object' && value !== null ? sortedEntries(value) : [];
      case 'int':
        if (Number(value) > 1e6) return this.#evaluator.fail(`range over ${value} is too long`);
        return Array.from({ length: Math.max(0, Number(value)) }, (_, i) => [i, i]);
      default:
        return this.#evaluator.fail(`range can't iterate over ${formatGoValue(value)}`);
    }
  }

  #call({ name, pos, pipe }: Extract<Node, { kind: 'template' }>, dot: unknown): void {
    const body = this.#program.tree.defined.get(name);
    const quoted = JSON.stringify(name);
    this.#evaluator.enter(pos, () => `{{template ${quoted}${pipe ? ` ${pipeText(pipe)}` : ''}}}`);
    if (!body) this.#evaluator.fail(`template ${quoted} not defined`);
    if (this.#depth >= MAX_DEPTH) this.#evaluator.fail(`exceeded maximum template depth (${MAX_DEPTH})`);
    const data = pipe && this.#evaluator.pipe(pipe, dot);
    new Run(this.#program, name, this.#depth + 1, data, this.#output).list(body, data);
  }
}

function printed(value: unknown): string {
  return value === undefined || value === null ? '<no value>' : formatGoValue(value);
}

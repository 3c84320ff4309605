import { EngineError, isEngineError, messageOf } from '../../base/errors.ts';
import { unreachable } from '../../base/never.ts';
import { type GoFunction, type GoKind, GoStruct, goKind, goTypeName } from '../go-value.ts';
import { isTrue, SHORT_CIRCUIT } from './functions.ts';
import { type Command, nodeText, type Operand, type Pipe, pipeText } from './nodes.ts';
import type { Tree } from './parse.ts';

export interface Program {
  name: string;
  text: string;
  tree: Tree;
  functions: ReadonlyMap<string, GoFunction>;
  /** Go's `missingkey=error`: a map without the key ends the execution instead of printing `<no value>`. */
  missingKeyIsError: boolean;
}

/** What is being evaluated, for error messages. */
interface At {
  pos: number;
  source: () => string;
}

/** Stands for the last argument of a command that no pipe feeds. */
const NONE = Symbol('no piped value');

/** Evaluates pipelines within one template body: holds its variables and the place that an error is reported at. */
export class Evaluator {
  readonly variables: { name: string; value: unknown }[];
  readonly #program: Program;
  readonly #template: string;
  #at: At = { pos: 0, source: () => '.' };

  constructor(program: Program, template: string, data: unknown) {
    this.#program = program;
    this.#template = template;
    this.variables = [{ name: '$', value: data }];
  }

  /** The pipeline's value; its variables are set to it unless the caller binds them itself (`range`). */
  pipe(pipe: Pipe, dot: unknown, ownBinding = false): unknown {
    this.#at = { pos: pipe.pos, source: () => pipeText(pipe) };
    let value: unknown = NONE;
    for (const command of pipe.commands) value = this.#command(command, dot, value);
    const result = value === NONE ? undefined : value;
    if (!ownBinding) for (const name of pipe.variables) this.setVariable(name, result, pipe.assigns);
    return result;
  }

  /** Declares a variable, or sets the innermost one of that name. */
  setVariable(name: string, value: unknown, assigns: boolean): void {
    const existing = assigns ? this.variables.findLast((variable) => variable.name === name) : undefined;
    if (existing) existing.value = value;
    else this.variables.push({ name, value });
  }

  #command(command: Command, dot: unknown, final: unknown): unknown {
    const [first, ...args] = command.args;
    if (!first) return undefined;
    switch (first.kind) {
      case 'field':
        this.#enter(first);
        return this.#fields(first, dot, first.names, dot, args, final);
      case 'chain':
        this.#enter(first);
        return this.#fields(first, dot, first.names, this.#operand(first.operand, dot), args, final);
      case 'variable':
        this.#enter(first);
        return this.#fields(first, dot, first.names, this.#variable(first.name), args, final);
      case 'function':
        this.#enter(first);
        return this.#function(first.name, command, dot, args, final);
      default:
        this.#enter(first);
        if (args.length > 0 || final !== NONE) {
          this.fail(`can't give argument to non-function ${nodeText(first)}`);
        }
        if (first.kind === 'nil') this.fail('nil is not a command');
        return this.#operand(first, dot);
    }
  }

  #operand(operand: Operand, dot: unknown): unknown {
    this.#enter(operand);
    switch (operand.kind) {
      case 'dot':
        return dot;
      case 'nil':
        return null;
      case 'bool':
      case 'number':
      case 'string':
        return operand.value;
      case 'pipe':
        return this.pipe(operand.pipe, dot);
      case 'field':
        return this.#fields(operand, dot, operand.names, dot, [], NONE);
      case 'chain':
        return this.#fields(operand, dot, operand.names, this.#operand(operand.operand, dot), [], NONE);
      case 'variable':
        return this.#fields(operand, dot, operand.names, this.#variable(operand.name), [], NONE);
      case 'function':
        return this.#function(operand.name, operand, dot, [], NONE);
      default:
        return unreachable(operand);
    }
  }

  #variable(name: string): unknown {
    return this.variables.findLast((variable) => variable.name === name)?.value;
  }

  #fields(
    at: Operand,
    dot: unknown,
    names: readonly string[],
    receiver: unknown,
    args: readonly Operand[],
    final: unknown,
  ): unknown {
    if (names.length === 0) {
      if (args.length > 0 || final !== NONE) this.fail(`can't give argument to non-function ${nodeText(at)}`);
      return receiver;
    }
    let value = receiver;
    for (const [i, name] of names.entries()) {
      this.#enter(at);
      const last = i === names.length - 1;
      value = this.#field(at, value, name, dot, last ? args : [], last ? final : NONE);
    }
    return value;
  }

  #field(
    at: Operand,
    receiver: unknown,
    name: string,
    dot: unknown,
    args: readonly Operand[],
    final: unknown,
  ): unknown {
    const hasArgs = args.length > 0 || final !== NONE;
    if (receiver instanceof GoStruct && receiver.members.has(name)) {
      const member = receiver.members.get(name);
      if (typeof member === 'function') return this.#method(member, name, at, dot, args, final);
      if (hasArgs) this.fail(`${name} has arguments but cannot be invoked as function`);
      return member;
    }
    if (goKind(receiver) === 'map' && typeof receiver === 'object' && receiver !== null) {
      if (hasArgs) this.fail(`${name} is not a method but has arguments`);
      return this.#entry(receiver, name);
    }
    if (receiver === undefined) {
      if (this.#program.missingKeyIsError) this.fail(`nil data; no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }
    if (goKind(receiver) === 'nil') return this.fail(`nil pointer evaluating interface {}.${name}`);
    return this.fail(`can't evaluate field ${name} in type ${goTypeName(receiver)}`);
  }

  #entry(map: object, name: string): unknown {
    const entry = Object.getOwnPropertyDescriptor(map, name);
    if (!entry && this.#program.missingKeyIsError) {
      this.fail(`map has no entry for key ${JSON.stringify(name)}`);
    }
    return entry?.value;
  }

  #method(
    // biome-ignore lint/complexity/noBannedTypes: the signature of a member is only known by its declared length
    method: Function,
    name: string,
    at: Operand,
    dot: unknown,
    args: readonly Operand[],
    final: unknown,
  ): unknown {
    const values = this.#arguments(dot, args, final);
    if (values.length !== method.length) {
      this.#enter(at);
      this.fail(`wrong number of args for ${name}: want ${method.length} got ${values.length}`);
    }
    return this.#guard(at, name, () => method(...values));
  }

  #function(
    name: string,
    at: Operand | Command,
    dot: unknown,
    args: readonly Operand[],
    final: unknown,
  ): unknown {
    const fn = this.#program.functions.get(name);
    if (!fn) return this.fail(`${JSON.stringify(name)} is not a defined function`);
    const count = args.length + (final === NONE ? 0 : 1);
    const [least, most] = fn.arity;
    if (count < least || count > most) {
      const want = least === most ? `want ${least}` : `want at least ${least}`;
      this.fail(`wrong number of args for ${name}: ${want} got ${count}`);
    }
    if (SHORT_CIRCUIT.has(name)) return this.#shortCircuit(name === 'or', dot, args, final);
    const values = this.#arguments(dot, args, final, fn);
    return this.#guard(at, name, () => fn.call(values));
  }

  #shortCircuit(until: boolean, dot: unknown, args: readonly Operand[], final: unknown): unknown {
    let value: unknown;
    for (const arg of args) {
      value = this.#operand(arg, dot);
      if (isTrue(value) === until) return value;
    }
    return final === NONE ? value : final;
  }

  #arguments(dot: unknown, args: readonly Operand[], final: unknown, fn?: GoFunction): unknown[] {
    const values = args.map((arg, i) => {
      const value = this.#operand(arg, dot);
      const want = fn?.params?.[i];
      if (want !== undefined && goKind(value) !== want) this.#mistyped(arg, value, kindName(want));
      return value;
    });
    if (final === NONE) return values;
    const want = fn?.params?.[values.length];
    if (want !== undefined && goKind(final) !== want) {
      this.#unfit(final, kindName(want));
    }
    return [...values, final];
  }

  #mistyped(arg: Operand, value: unknown, want: string): never {
    switch (arg.kind) {
      case 'bool':
      case 'number':
      case 'string':
      case 'nil':
        return this.fail(`expected ${want}; found ${nodeText(arg)}`);
      default:
        return this.#unfit(value, want);
    }
  }

  #unfit(value: unknown, want: string): never {
    if (goKind(value) === 'nil') return this.fail(`invalid value; expected ${want}`);
    return this.fail(`wrong type for value; expected ${want}; got ${goTypeName(value)}`);
  }

  #guard(at: Operand | Command, name: string, call: () => unknown): unknown {
    try {
      return call();
    } catch (error) {
      if (!isEngineError(error)) throw error;
      this.#enter(at);
      return this.fail(`error calling ${name}: ${messageOf(error)}`);
    }
  }

  #enter(node: Operand | Command): void {
    this.enter(node.pos, () => nodeText(node));
  }

  /** Says what is being evaluated now. */
  enter(pos: number, source: () => string): void {
    this.#at = { pos, source };
  }

  /** Throws Go's error for the place evaluated last. */
  fail(problem: string): never {
    const { pos } = this.#at;
    const before = this.#program.text.slice(0, pos);
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
    throw new EngineError(
      'invalid',
      `template: ${this.#program.name}:${line}:${column}: executing ${JSON.stringify(this.#template)} at <${this.#at.source()}>: ${problem}`,
    );
  }
}

function kindName(kind: GoKind): string {
  return kind === 'slice' ? '[]string' : kind;
}

/** Byte offset in the template's text; lines and columns are computed from it when an error needs them. */
export type Pos = number;

export type Operand =
  | { kind: 'field'; pos: Pos; names: string[] }
  | { kind: 'variable'; pos: Pos; name: string; names: string[] }
  | { kind: 'chain'; pos: Pos; operand: Operand; names: string[] }
  | { kind: 'function'; pos: Pos; name: string }
  | { kind: 'pipe'; pos: Pos; pipe: Pipe }
  | { kind: 'dot'; pos: Pos }
  | { kind: 'nil'; pos: Pos }
  | { kind: 'bool'; pos: Pos; value: boolean }
  | { kind: 'number'; pos: Pos; text: string; value: number | bigint; float: boolean }
  | { kind: 'string'; pos: Pos; text: string; value: string };

export interface Command {
  kind: 'command';
  pos: Pos;
  args: Operand[];
}

export interface Pipe {
  pos: Pos;
  variables: string[];
  /** `=` rather than `:=`. */
  assigns: boolean;
  commands: Command[];
}

export type Node =
  | { kind: 'text'; pos: Pos; text: string }
  | { kind: 'action'; pos: Pos; pipe: Pipe }
  | { kind: 'if' | 'with' | 'range'; pos: Pos; pipe: Pipe; body: Node[]; otherwise: Node[] | undefined }
  | { kind: 'template'; pos: Pos; name: string; pipe: Pipe | undefined }
  | { kind: 'break' | 'continue'; pos: Pos };

export type Branch = Extract<Node, { kind: 'if' | 'with' | 'range' }>;

/** The source form of an operand or command, as error messages quote it after `at`. */
export function nodeText(node: Operand | Command): string {
  switch (node.kind) {
    case 'field':
      return dotted(node.names);
    case 'variable':
      return node.name + dotted(node.names);
    case 'chain':
      return `${node.operand.kind === 'pipe' ? nodeText(node.operand) : `(${nodeText(node.operand)})`}${dotted(node.names)}`;
    case 'function':
      return node.name;
    case 'pipe':
      return `(${pipeText(node.pipe)})`;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'number':
    case 'string':
      return node.text;
    case 'command':
      return node.args.map(nodeText).join(' ');
  }
}

function dotted(names: readonly string[]): string {
  return names.map((name) => `.${name}`).join('');
}

/** The source form of a pipeline. */
export function pipeText(pipe: Pipe): string {
  const variables =
    pipe.variables.length > 0 ? `${pipe.variables.join(', ')} ${pipe.assigns ? '=' : ':='} ` : '';
  return variables + pipe.commands.map(nodeText).join(' | ');
}

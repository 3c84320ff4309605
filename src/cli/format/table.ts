import { EngineError, messageOf } from '../../base/errors.ts';
import { GoTemplate } from '../../formats/go-template.ts';
import { GoStruct, goJson } from '../../formats/go-value.ts';
import { alignColumns } from '../../formats/tabwriter.ts';
import { HEADER_FUNCTIONS, TEMPLATE_FUNCTIONS } from './template-functions.ts';

/** How docker lays out its tables. */
const STYLE = { min: 10, padding: 3 };

/** What one kind of table can show. */
export interface Columns<T> {
  /** Go's name of the row type, as error messages give it. */
  readonly typeName: string;
  readonly titles: Readonly<Record<string, string>>;
  /** A row's members: functions are evaluated when a template asks for them. */
  readonly row: (item: T) => Readonly<Record<string, unknown>>;
}

/**
 * The text of `items` in `format`: `json`, `table TEMPLATE` or a template of its own for each row. Throws `invalid`.
 */
export function renderRows<T>(columns: Columns<T>, items: readonly T[], format: string): string {
  const table = format.startsWith('table');
  const source = format === 'json' ? '{{json .}}' : unescapeTabs((table ? format.slice(5) : format).trim());
  const template = parse(source);
  const lines = items.map((item) => run(template, toStruct(columns.typeName, columns.row(item))));
  if (!table) return lines.map((line) => `${line}\n`).join('');
  const header = new GoTemplate(source, { functions: { ...TEMPLATE_FUNCTIONS, ...HEADER_FUNCTIONS } });
  return alignColumns([run(header, titleStruct(columns.titles)), ...lines, ''].join('\n'), STYLE);
}

function parse(source: string): GoTemplate {
  try {
    return new GoTemplate(source, { functions: TEMPLATE_FUNCTIONS });
  } catch (error) {
    throw new EngineError('invalid', `template parsing error: ${messageOf(error)}`, { cause: error });
  }
}

function run(template: GoTemplate, data: unknown): string {
  try {
    return template.execute(data);
  } catch (error) {
    throw new EngineError('invalid', `template parsing error: ${messageOf(error)}`, { cause: error });
  }
}

/** Shells hand `\t` and `\n` on as they are typed. */
function unescapeTabs(source: string): string {
  return source.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
}

/** A row; as JSON it is all its members that take no argument, sorted by name. */
export function toStruct(typeName: string, members: Readonly<Record<string, unknown>>): GoStruct {
  return new GoStruct(typeName, members, () => {
    const plain = Object.entries(members).filter(
      ([, member]) => typeof member !== 'function' || member.length === 0,
    );
    const values = plain.map(([name, member]) => [name, typeof member === 'function' ? member() : member]);
    return goJson(Object.fromEntries(values), true);
  });
}

/** Titles answer every name; `.Label "x"` is titled by the last part of the label's name. */
function titleStruct(titles: Readonly<Record<string, string>>): unknown {
  const label = (name: string) => (name.split('.').at(-1) ?? '').replace(/[-_]/g, ' ');
  return new GoStruct('formatter.SubHeaderContext', { ...titles, Label: label });
}

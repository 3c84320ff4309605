import { EngineError } from '../../base/errors.ts';

/** The fields of one CSV record (RFC 4180): `a,"b,c",d`. Throws `invalid`. */
export function csvFields(text: string): string[] {
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(,|$)/.exec(rest);
    const plain = /^([^",]*)(,|$)/.exec(rest);
    const match = quoted ?? plain;
    if (!match)
      throw new EngineError('invalid', `parse error: bare or unbalanced " in ${JSON.stringify(text)}`);
    const [whole, field = '', separator] = match;
    fields.push(quoted ? field.replaceAll('""', '"') : field);
    rest = rest.slice(whole.length);
    if (separator === '') return fields;
  }
}

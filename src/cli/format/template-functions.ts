import { formatGoValue, type GoFunction, goJson } from '../../formats/go-value.ts';

/** The functions Docker adds to Go's in every `--format`. */
export const TEMPLATE_FUNCTIONS: Readonly<Record<string, GoFunction>> = {
  json: { arity: [1, 1], call: ([value]) => goJson(value) },
  split: {
    arity: [2, 2],
    params: ['string', 'string'],
    call: ([text, separator]) => String(text).split(String(separator)),
  },
  join: {
    arity: [2, 2],
    params: ['slice', 'string'],
    call: ([items, separator]) =>
      (Array.isArray(items) ? items : []).map(formatGoValue).join(String(separator)),
  },
  title: {
    arity: [1, 1],
    params: ['string'],
    call: ([text]) => String(text).replace(/(?<![\p{L}\p{Nd}_'])\p{L}/gu, (letter) => letter.toUpperCase()),
  },
  lower: { arity: [1, 1], params: ['string'], call: ([text]) => String(text).toLowerCase() },
  upper: { arity: [1, 1], params: ['string'], call: ([text]) => String(text).toUpperCase() },
  pad: {
    arity: [3, 3],
    params: ['string', 'int', 'int'],
    call: ([text, before, after]) => pad(String(text), Number(before), Number(after)),
  },
  truncate: {
    arity: [2, 2],
    params: ['string', 'int'],
    call: ([text, size]) =>
      Buffer.from(String(text))
        .subarray(0, Math.max(0, Number(size)))
        .toString(),
  },
};

function pad(text: string, before: number, after: number): string {
  return text === '' ? text : ' '.repeat(before) + text + ' '.repeat(after);
}

/** The same names for a table's header line: the title passes through unchanged where changing it makes no sense. */
export const HEADER_FUNCTIONS: Readonly<Record<string, GoFunction>> = {
  ...Object.fromEntries(
    ['json', 'title', 'lower', 'upper'].map((name) => [name, { arity: [1, 1], call: ([title]) => title }]),
  ),
  split: { arity: [2, 2], call: ([title]) => title },
  join: { arity: [2, 2], call: ([title]) => title },
  truncate: { arity: [2, 2], call: ([title]) => title },
};

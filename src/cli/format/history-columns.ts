import { shortId } from '../../formats/digest.ts';
import { ellipsis } from '../../formats/text-width.ts';
import { humanDuration, humanSize } from '../../formats/units.ts';
import type { ImageHistoryItem } from '../../wire/types-image.ts';
import { rfc3339 } from './go-time.ts';
import type { Columns } from './table.ts';

export const HISTORY_TABLE = 'table {{.ID}}\\t{{.CreatedSince}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}';
export const HISTORY_EXACT_TABLE =
  'table {{.ID}}\\t{{.CreatedAt}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}';
const CREATED_BY_WIDTH = 45;

const TITLES = {
  ID: 'IMAGE',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
};

/** What `history --format` knows; `human` rounds sizes. */
export function historyColumns(trunc: boolean, human: boolean, nowMs: number): Columns<ImageHistoryItem> {
  return {
    typeName: '*image.historyContext',
    titles: TITLES,
    row: (item) => ({
      ID: () => (trunc ? shortId(item.Id) : item.Id),
      CreatedAt: () => rfc3339(item.Created),
      CreatedSince: () => (item.Created <= 0 ? 'N/A' : `${humanDuration(nowMs - item.Created * 1000)} ago`),
      CreatedBy: () => {
        const text = item.CreatedBy.replaceAll('\t', ' ');
        return trunc ? ellipsis(text, CREATED_BY_WIDTH) : text;
      },
      Size: () => (human ? humanSize(item.Size, 3) : String(item.Size)),
      Comment: () => item.Comment,
    }),
  };
}

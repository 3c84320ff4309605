import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { jsonArray, jsonString, parseJsonObject, present } from '../formats/json.ts';
import { askAny, type Session } from './session.ts';

const PAGE = 1000;
const MAX_PAGES = 100;
const MAX_BODY = 4 << 20;

/** All tags of the session's repository, page by page (OCI distribution-spec, "Listing Tags"). */
export async function listTags(ctx: Ctx, session: Session): Promise<string[]> {
  const tags: string[] = [];
  let path: string | undefined = `tags/list?n=${PAGE}`;
  for (let page = 0; path !== undefined; page++) {
    if (page >= MAX_PAGES)
      throw new EngineError('invalid', `${session.reference.path}: more than ${MAX_PAGES} pages of tags`);
    const got: TagPage = await fetchPage(ctx, session, path);
    tags.push(...got.tags);
    path = got.next;
  }
  return tags;
}

interface TagPage {
  readonly tags: readonly string[];
  readonly next: string | undefined;
}

async function fetchPage(ctx: Ctx, session: Session, path: string): Promise<TagPage> {
  const asked = await askAny(ctx, session, { method: 'GET', path }, async (response): Promise<TagPage> => {
    const what = `tags of ${session.reference.path}`;
    const body = await session.exchange.readBody(ctx, response, MAX_BODY);
    if (!body) throw new EngineError('invalid', `${what}: a page is larger than ${MAX_BODY} bytes`);
    const { tags } = parseJsonObject(body, what);
    const list = present(tags) ? jsonArray(tags, `${what}: tags`, 100_000) : [];
    return {
      tags: list.map((tag, i) => jsonString(tag, `${what}: tags[${i}]`)),
      next: nextPage(response.headers.link),
    };
  });
  if ('refused' in asked) throw asked.refused;
  return asked.value;
}

/** Of `Link: <…?last=x&n=1000>; rel="next"` only the query counts: whose tags are listed is not the server's to change. */
function nextPage(link: string | string[] | undefined): string | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/.exec([link ?? ''].flat().join(','))?.[1];
  const query = target?.includes('?') ? target.slice(target.indexOf('?')) : undefined;
  return query === undefined ? undefined : `tags/list${query}`;
}

/** Page views by path. */
import { sql, type Selectable } from 'kysely';
import { text } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { PageViews } from '../../database/tables.ts';
import { isWithin, type TimeSpan } from '../../database/time-span.ts';

export type PageView = Selectable<PageViews>;

const readPath = (page_path: string) => text('page_path', page_path, 255);

/** Views of one path, newest first. Throws BadInputError for `page_path`, `limit`, `cursor`. */
export async function pageViewsOf(
  db: Db,
  page_path: string,
  request: PageRequest = {},
): Promise<Page<PageView>> {
  const { after, order, at, take, page } = keyset(request, 'page_views');
  const rows = await db
    .selectFrom('page_views')
    .selectAll()
    .select(at.as('at'))
    .where('page_path', '=', readPath(page_path))
    .where(after)
    .orderBy(order)
    .limit(take)
    .execute();
  return page(rows);
}

export interface PageViewTotals {
  views: number;
  /** different users who were signed in */
  users: number;
}

/** How often one path was viewed within a span. Throws BadInputError. */
export const pageViewTotals = async (
  db: Db,
  page_path: string,
  span: TimeSpan,
): Promise<PageViewTotals> =>
  db
    .selectFrom('page_views')
    .select([
      sql<number>`count(*)::int`.as('views'),
      sql<number>`count(DISTINCT user_id)::int`.as('users'),
    ])
    .where('page_path', '=', readPath(page_path))
    .where(isWithin(span, 'page_views.created_at'))
    .executeTakeFirstOrThrow();

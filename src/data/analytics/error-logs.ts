/** Application errors by type. */
import { sql, type Selectable } from 'kysely';
import { text } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { ErrorLogs } from '../../database/tables.ts';
import { isWithin, type TimeSpan } from '../../database/time-span.ts';

export type ErrorLog = Selectable<ErrorLogs>;

const readErrorType = (error_type: string) => text('error_type', error_type, 100);

/** Errors of one type, newest first. Throws BadInputError for `error_type`, `limit`, `cursor`. */
export async function errorLogsOf(
  db: Db,
  error_type: string,
  request: PageRequest = {},
): Promise<Page<ErrorLog>> {
  const { after, order, at, take, page } = keyset(request, 'error_logs');
  const rows = await db
    .selectFrom('error_logs')
    .selectAll()
    .select(at.as('at'))
    .where('error_type', '=', readErrorType(error_type))
    .where(after)
    .orderBy(order)
    .limit(take)
    .execute();
  return page(rows);
}

export interface ErrorTotals {
  errors: number;
  /** different users who were signed in */
  users: number;
  last_at: Date | null;
}

/** How often one type of error happened within a span. Throws BadInputError. */
export const errorTotals = async (
  db: Db,
  error_type: string,
  span: TimeSpan,
): Promise<ErrorTotals> =>
  db
    .selectFrom('error_logs')
    .select([
      sql<number>`count(*)::int`.as('errors'),
      sql<number>`count(DISTINCT user_id)::int`.as('users'),
      sql<Date | null>`max(created_at)`.as('last_at'),
    ])
    .where('error_type', '=', readErrorType(error_type))
    .where(isWithin(span, 'error_logs.created_at'))
    .executeTakeFirstOrThrow();

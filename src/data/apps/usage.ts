/** Which users used which app and tool, when and for how many credits. */
import { sql, type Selectable } from 'kysely';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { boolean, object, text, uuid, wholeNumber } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { AppUsage, ToolsUsage } from '../../database/tables.ts';
import { isWithin, type TimeSpan } from '../../database/time-span.ts';

export type AppUse = Selectable<AppUsage>;
export type ToolUse = Selectable<ToolsUsage> & { app_id: string | null };

/** A user, an app, or both: with both, only uses that fit both. */
export type UsageOf =
  | { user_id: string; app_id?: string | undefined }
  | { user_id?: undefined; app_id: string };

const maxInteger = 2_147_483_647;

/** Checks both ids; at least one has to be given. */
function readIds(of: UsageOf): { user_id?: string; app_id?: string } {
  const { user_id, app_id } = object('of', of);
  return {
    ...((user_id !== undefined || app_id === undefined) && { user_id: uuid('user_id', user_id) }),
    ...(app_id !== undefined && { app_id: uuid('app_id', app_id) }),
  };
}

/** Uses of apps, newest first. Throws BadInputError for the ids, `limit`, `cursor`. */
export async function appUsage(
  db: Db,
  of: UsageOf,
  request: PageRequest = {},
): Promise<Page<AppUse>> {
  const { user_id, app_id } = readIds(of);
  const { after, order, at, take, page } = keyset(request, 'app_usage');
  let query = db.selectFrom('app_usage').selectAll().select(at.as('at')).where(after);
  if (user_id) query = query.where('user_id', '=', user_id);
  if (app_id) query = query.where('app_id', '=', app_id);
  return page(await query.orderBy(order).limit(take).execute());
}

/** Uses of tools, newest first; `app_id` is that of the tool's app. Throws as {@link appUsage} does. */
export async function toolUsage(
  db: Db,
  of: UsageOf,
  request: PageRequest = {},
): Promise<Page<ToolUse>> {
  const { user_id, app_id } = readIds(of);
  const { after, order, at, take, page } = keyset(request, 'used');
  let query = db
    .selectFrom('tools_usage as used')
    .leftJoin('tools_catalog as tool', 'tool.id', 'used.tool_id')
    .selectAll('used')
    .select(['tool.app_id', at.as('at')])
    .where(after);
  if (user_id) query = query.where('used.user_id', '=', user_id);
  if (app_id) query = query.where('tool.app_id', '=', app_id);
  return page(await query.orderBy(order).limit(take).execute());
}

export interface UsageTotal {
  uses: number;
  credits_used: number;
}

export interface AppUsageTotal extends UsageTotal {
  app_id: string | null;
  /** uses that did not succeed */
  failures: number;
  /** milliseconds; null when no use was timed */
  avg_execution_time_ms: number | null;
}

export interface ToolUsageTotal extends UsageTotal {
  tool_id: string | null;
}

/** The totals of a span, one row an app, the most used first. Throws BadInputError. */
export async function appUsageTotals(
  db: Db,
  of: UsageOf,
  span: TimeSpan,
): Promise<AppUsageTotal[]> {
  const { user_id, app_id } = readIds(of);
  let query = db
    .selectFrom('app_usage')
    .select([
      'app_id',
      sql<number>`count(*)::int`.as('uses'),
      sql<number>`count(*) FILTER (WHERE NOT success)::int`.as('failures'),
      // Exact up to 2^53; pg would return a bigint as text.
      sql<number>`sum(credits_used)::float8`.as('credits_used'),
      sql<number | null>`round(avg(execution_time_ms))::int`.as('avg_execution_time_ms'),
    ])
    .where(isWithin(span, 'app_usage.created_at'));
  if (user_id) query = query.where('user_id', '=', user_id);
  if (app_id) query = query.where('app_id', '=', app_id);
  return query.groupBy('app_id').orderBy('uses', 'desc').orderBy('app_id').execute();
}

/** The totals of tools in a span, one row a tool, the most used first. Throws BadInputError. */
export async function toolUsageTotals(
  db: Db,
  of: UsageOf,
  span: TimeSpan,
): Promise<ToolUsageTotal[]> {
  const { user_id, app_id } = readIds(of);
  let query = db
    .selectFrom('tools_usage as used')
    .select([
      'used.tool_id',
      sql<number>`count(*)::int`.as('uses'),
      sql<number>`sum(used.credits_used)::float8`.as('credits_used'),
    ])
    .where(isWithin(span, 'used.created_at'));
  if (user_id) query = query.where('used.user_id', '=', user_id);
  if (app_id)
    query = query.where('used.tool_id', 'in', (eb) =>
      eb.selectFrom('tools_catalog').select('id').where('app_id', '=', app_id),
    );
  return query.groupBy('used.tool_id').orderBy('uses', 'desc').orderBy('used.tool_id').execute();
}

export interface NewAppUse {
  /** under row level security your own id */
  user_id: string;
  app_id: string;
  credits_used: number;
  execution_time_ms?: number | null | undefined;
  success: boolean;
  /** 10,000 characters at most */
  error_message?: string | null | undefined;
}

/**
 * Records one use of an app. It books no credits: only the ledger moves credits. Throws BadInputError,
 * ConstraintError for an unknown app or user, AccessDeniedError for another user's id under row level security.
 */
export async function trackAppUsage(db: Db, use: NewAppUse): Promise<AppUse> {
  const { execution_time_ms: took, error_message: message } = object('use', use);
  const row = {
    user_id: uuid('user_id', use.user_id),
    app_id: uuid('app_id', use.app_id),
    credits_used: wholeNumber('credits_used', use.credits_used, 0, maxInteger),
    execution_time_ms: took == null ? null : wholeNumber('execution_time_ms', took, 0, maxInteger),
    success: boolean('success', use.success),
    error_message: message == null ? null : text('error_message', message, 10_000),
  };
  return explainingAccess('the use was not noted', 'user_id', () =>
    db.insertInto('app_usage').values(row).returningAll().executeTakeFirstOrThrow(),
  );
}

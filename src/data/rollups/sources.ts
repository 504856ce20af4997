import { sql, type RawBuilder } from 'kysely';

/** The kinds of things that have figures. */
export type RollupKind = 'bot' | 'endpoint' | 'app' | 'provider' | 'page' | 'error' | 'activity';

/** Where the figures of a kind come from. */
interface Source {
  table: string;
  /** the indexed column by which an hour is read */
  time: string;
  /** whether rows may be written long after the time that they name: those of the platform */
  comesLate: boolean;
  /** SELECT of at, subject, failed, ms and cost: a row for each event of a time, of the table or of `from`, which has its columns */
  events(isInTime: RawBuilder<boolean>, from?: RawBuilder<unknown>): RawBuilder<unknown>;
}

/** Rows that say no more than that something happened. */
const counted = (table: string, subject: RawBuilder<unknown>): Source => ({
  table,
  time: 'created_at',
  comesLate: true,
  events: (isInTime, from = sql.table(table)) => sql`
      SELECT created_at AS at, ${subject} AS subject, false AS failed, NULL::int AS ms, 0 AS cost FROM ${from} WHERE ${isInTime}`,
});

export const sources: Record<RollupKind, Source> = {
  bot: {
    table: 'bot_executions',
    time: 'completed_at',
    comesLate: false,
    events: (isInTime, from = sql.table('bot_executions')) => sql`
      SELECT completed_at AS at, bot_id::text AS subject, status <> 'success' AS failed, execution_time_ms AS ms, 0 AS cost
      FROM ${from}
      WHERE ${isInTime} AND bot_id IS NOT NULL AND status IN ('success', 'failed', 'timeout') AND trigger <> 'verify'`,
  },
  endpoint: {
    table: 'api_logs',
    time: 'created_at',
    comesLate: true,
    events: (isInTime, from = sql.table('api_logs')) => sql`
      SELECT created_at AS at, coalesce(nullif(split_part(endpoint, '?', 1), ''), '(no path)') AS subject,
             status_code BETWEEN 500 AND 599 AS failed, response_time_ms AS ms, 0 AS cost
      FROM ${from} WHERE ${isInTime}`,
  },
  app: {
    table: 'app_usage',
    time: 'created_at',
    comesLate: true,
    events: (isInTime, from = sql.table('app_usage')) => sql`
      SELECT created_at AS at, app_id::text AS subject, NOT success AS failed, execution_time_ms AS ms, credits_used AS cost
      FROM ${from} WHERE ${isInTime} AND app_id IS NOT NULL`,
  },
  provider: {
    table: 'javari_usage_stats',
    time: 'created_at',
    comesLate: true,
    events: (isInTime, from = sql.table('javari_usage_stats')) => sql`
      SELECT created_at AS at, provider AS subject, NOT success AS failed, NULL::int AS ms, cost_cents AS cost
      FROM ${from} WHERE ${isInTime}`,
  },
  page: counted(
    'page_views',
    sql`coalesce(nullif(split_part(page_path, '?', 1), ''), '(no path)')`,
  ),
  error: counted('error_logs', sql`error_type`),
  activity: counted('user_activity_log', sql`action_type`),
};

export const rollupKinds = Object.keys(sources) as RollupKind[];

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
  /** SELECT of subject, failed, ms and cost: a row for each event of a time */
  events(isInTime: RawBuilder<boolean>): RawBuilder<unknown>;
}

/** Rows that say no more than that something happened. */
const counted = (table: string, subject: RawBuilder<unknown>): Source => ({
  table,
  time: 'created_at',
  comesLate: true,
  events: (isInTime) => sql`
      SELECT ${subject} AS subject, false AS failed, NULL::int AS ms, 0 AS cost FROM ${sql.table(table)} WHERE ${isInTime}`,
});

export const sources: Record<RollupKind, Source> = {
  bot: {
    table: 'bot_executions',
    time: 'completed_at',
    comesLate: false,
    events: (isInTime) => sql`
      SELECT bot_id::text AS subject, status <> 'success' AS failed, execution_time_ms AS ms, 0 AS cost
      FROM bot_executions
      WHERE ${isInTime} AND bot_id IS NOT NULL AND status IN ('success', 'failed', 'timeout') AND trigger <> 'verify'`,
  },
  endpoint: {
    table: 'api_logs',
    time: 'created_at',
    comesLate: true,
    events: (isInTime) => sql`
      SELECT coalesce(nullif(split_part(endpoint, '?', 1), ''), '(no path)') AS subject,
             status_code BETWEEN 500 AND 599 AS failed, response_time_ms AS ms, 0 AS cost
      FROM api_logs WHERE ${isInTime}`,
  },
  app: {
    table: 'app_usage',
    time: 'created_at',
    comesLate: true,
    events: (isInTime) => sql`
      SELECT app_id::text AS subject, NOT success AS failed, execution_time_ms AS ms, credits_used AS cost
      FROM app_usage WHERE ${isInTime} AND app_id IS NOT NULL`,
  },
  provider: {
    table: 'javari_usage_stats',
    time: 'created_at',
    comesLate: true,
    events: (isInTime) => sql`
      SELECT provider AS subject, NOT success AS failed, NULL::int AS ms, cost_cents AS cost
      FROM javari_usage_stats WHERE ${isInTime}`,
  },
  page: counted(
    'page_views',
    sql`coalesce(nullif(split_part(page_path, '?', 1), ''), '(no path)')`,
  ),
  error: counted('error_logs', sql`error_type`),
  activity: counted('user_activity_log', sql`action_type`),
};

export const rollupKinds = Object.keys(sources) as RollupKind[];

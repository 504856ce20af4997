/** The thresholds of sentinel-db. Where two stand together, the first is a warning and the second is severe. */
import { z } from '../../src/bot.ts';

const percent = (otherwise: number, meaning: string) =>
  z.number().min(0).max(100).default(otherwise).describe(meaning);
const amount = (otherwise: number, meaning: string) =>
  z.number().min(0).default(otherwise).describe(meaning);
const count = (otherwise: number, meaning: string) =>
  z.int().min(1).max(2_147_483_647).default(otherwise).describe(meaning);
const clock = (otherwise: string, meaning: string) =>
  z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .default(otherwise)
    .describe(meaning);

/** Schemas that Supabase manages: the platform can change nothing in them. */
const managedSchemas = [
  'auth',
  'cron',
  'extensions',
  'graphql',
  'graphql_public',
  'net',
  'pgbouncer',
  'pgsodium',
  'realtime',
  'storage',
  'supabase_functions',
  'supabase_migrations',
  'vault',
];

/** The documented schema names these beside a unique constraint on the same column: without them it would differ. */
const documentedTwins = [
  'idx_profiles_email',
  'idx_sessions_token',
  'idx_subscriptions_provider',
  'idx_transactions_provider',
];

const isTimeZone = (zone: string) => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
};

export const config = z.strictObject({
  // The issue names 70/90 %; check_postgres warns at 90 and 95 %.
  connections_percent: percent(70, 'from this share of the allowed connections on it is a finding'),
  connections_severe_percent: percent(90, 'from this share of the connections on it is severe'),
  // PostgreSQL ends no transaction by itself; an hour is far beyond what a request or a job takes.
  transaction_minutes: amount(60, 'how many minutes a transaction may be open'),
  transaction_severe_minutes: amount(360, 'from so many minutes on an open transaction is severe'),
  idle_in_transaction_minutes: amount(
    10,
    'how many minutes a session may do nothing in a transaction',
  ),
  // A dump reads in one transaction for as long as it takes.
  ignored_applications: z
    .array(z.string())
    .max(50)
    .default(['pg_dump', 'pg_dumpall', 'pg_basebackup'])
    .describe('application names whose transactions may be open for long'),
  blocked_seconds: amount(30, 'how many seconds a session may wait for a lock'),
  blocked_severe_seconds: amount(300, 'from so many seconds on a wait for a lock is severe'),
  min_rows: count(10_000, 'tables with fewer rows are not judged by dead rows and statistics'),
  // The issue names 20/40 %. Autovacuum begins at 20 % of the live rows, which is 17 % of all rows.
  dead_percent: percent(20, 'from this share of dead rows on a table is a finding'),
  dead_severe_percent: percent(40, 'from this share of dead rows on it is severe'),
  // Autovacuum analyses after 10 % of the rows have changed (autovacuum_analyze_scale_factor).
  changed_percent: percent(
    20,
    'from this share of rows changed since ANALYZE on a table is a finding',
  ),
  vacuum_from: clock(
    '22:00',
    'from this time of day on a plain VACUUM may run by itself, as HH:MM',
  ),
  vacuum_until: clock(
    '06:00',
    'until this time of day a plain VACUUM may run by itself; the same as vacuum_from: at any time',
  ),
  vacuum_zone: z
    .string()
    .refine(isTimeZone, 'there is no such time zone')
    .default('UTC')
    .describe('the time zone of vacuum_from and vacuum_until, for example Europe/Berlin'),
  // The issue names 1.3/1.4 bn, as check_postgres does; at 2.1 bn PostgreSQL takes no more writes.
  wraparound_age: count(1_300_000_000, 'from this age of a database in transactions on'),
  wraparound_severe_age: count(1_400_000_000, 'from this age in transactions on it is severe'),
  // check_postgres, sequence: 85 % and 95 %.
  sequence_percent: percent(85, 'from this share of used values on a sequence is a finding'),
  sequence_severe_percent: percent(95, 'from this share of used values on it is severe'),
  min_cache_percent: percent(98, 'the share of blocks that should be found in memory'),
  // 8 GB of blocks: a nightly VACUUM, dump or report reads less of a small database, and always from the disk.
  min_blocks: count(1_000_000, 'with fewer blocks read the share in memory is not judged'),
  max_rollback_percent: percent(10, 'up to this share of transactions may be rolled back'),
  min_transactions: count(100, 'with fewer transactions the rollbacks are not judged'),
  min_deadlocks: count(1, 'so many deadlocks in an hour are a finding'),
  slow_ms: amount(1_000, 'how many milliseconds a statement may take in the mean'),
  slow_severe_ms: amount(10_000, 'from so many milliseconds in the mean on it is severe'),
  min_calls: count(5, 'statements that ran fewer times are not judged'),
  unused_days: count(35, 'for how many days an index may be unused'),
  // A smaller one costs next to nothing, and most of a young platform's indexes are small.
  unused_min_mb: amount(10, 'smaller indexes may be unused, in megabytes'),
  ignored_schemas: z
    .array(z.string())
    .max(200)
    .default(managedSchemas)
    .describe('schemas whose indexes and triggers are not judged'),
  ignored_indexes: z
    .array(z.string())
    .max(1_000)
    .default(documentedTwins)
    .describe('names of indexes that may be duplicate or unused'),
  slot_minutes: amount(60, 'how many minutes a replication slot may be inactive'),
  slot_severe_mb: amount(
    1_024,
    'from so many megabytes of WAL that an inactive slot keeps on it is severe',
  ),
  // Of 16 MB each, as PostgreSQL makes them.
  max_unarchived_segments: count(64, 'how many WAL segments may wait to be archived'),
  max_size_gb: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('how large the database may become, in gigabytes; null where there is no limit'),
  size_days: amount(30, 'in so many days the database must not reach max_size_gb'),
  max_growth_percent: amount(20, 'by how many percent the database may grow in a day'),
  min_growth_mb: amount(1_024, 'growth by fewer megabytes in a day is no finding'),
  max_findings: z
    .int()
    .min(1)
    .max(1_000)
    .default(50)
    .describe('tables, indexes and the like that one check reports at most, the worst first'),
});

export type Config = z.infer<typeof config>;

/** The settings of sentinel-db. Of two thresholds for one thing, the second one makes the finding more severe. */
import { z } from '../../src/bot.ts';
import { amount, count, maxFindings, percent, timeZone } from '../parts/settings.ts';

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

/** The documented schema has these indexes beside a unique constraint on the same column: without them it would differ. */
const documentedDuplicates = [
  'idx_profiles_email',
  'idx_sessions_token',
  'idx_subscriptions_provider',
  'idx_transactions_provider',
];

export const config = z.strictObject({
  // check_postgres, backends: 90 and 95 % by default. Ours are lower, because new connections come in bursts.
  connections_percent: percent(70, 'from this share of used connections on there is a finding'),
  connections_severe_percent: percent(90, 'from this share of used connections on it is critical'),
  // PostgreSQL ends no transaction by itself; an hour is far beyond what a request or a job takes.
  transaction_minutes: amount(60, 'how many minutes a transaction may be open'),
  // A quarter of a day of dead rows and locks.
  transaction_severe_minutes: amount(360, 'from this many minutes on an open transaction is high'),
  // Our choice: an application that waits longer between two statements has forgotten to commit.
  idle_in_transaction_minutes: amount(
    10,
    'how many minutes a session may do nothing in an open transaction',
  ),
  // A dump reads in one transaction for as long as it takes.
  ignored_applications: z
    .array(z.string())
    .max(50)
    .default(['pg_dump', 'pg_dumpall', 'pg_basebackup', 'roundsman backup', 'roundsman restore'])
    .describe('application names whose transactions may be open for longer'),
  // Users give up after this time, and most proxies do after 60 s (nginx, proxy_read_timeout).
  blocked_seconds: amount(30, 'how many seconds a session may wait for a lock'),
  // Ten times as long.
  blocked_severe_seconds: amount(300, 'from this many seconds on a wait for a lock is high'),
  // Autovacuum works on smaller tables within seconds.
  min_rows: count(
    10_000,
    'tables with fewer rows than this are not judged by dead rows and statistics',
    1_000_000_000,
  ),
  // Autovacuum begins at 20 % of the live rows (autovacuum_vacuum_scale_factor), which is 17 % of all rows.
  dead_percent: percent(20, 'from this share of dead rows on a table is a low finding'),
  // Twice as much: autovacuum does not keep up.
  dead_severe_percent: percent(40, 'from this share of dead rows on it is a medium one'),
  // Autovacuum analyses after 10 % of the rows have changed (autovacuum_analyze_scale_factor): twice as much.
  changed_percent: percent(
    20,
    'from this share of rows changed since the last ANALYZE on a table is a finding',
  ),
  // Night hours, in vacuum_zone.
  vacuum_from: clock(
    '22:00',
    'from this time of day on a plain VACUUM may run by itself, as HH:MM',
  ),
  vacuum_until: clock(
    '06:00',
    'until this time of day a plain VACUUM may run by itself; the same as vacuum_from: at any time',
  ),
  vacuum_zone: timeZone('the time zone of vacuum_from and vacuum_until, for example Europe/Berlin'),
  // check_postgres, txn_wraparound: 1.3 and 1.4 billion; at 2.1 billion PostgreSQL takes no more writes.
  wraparound_age: count(
    1_300_000_000,
    'from this age on, in transactions, a database is a high finding',
    2_100_000_000,
  ),
  wraparound_severe_age: count(
    1_400_000_000,
    'from this age on, in transactions, it is a critical one',
    2_100_000_000,
  ),
  // check_postgres, sequence: 85 and 95 %.
  sequence_percent: percent(85, 'from this share of used values on a sequence is a high finding'),
  sequence_severe_percent: percent(95, 'from this share of used values on it is a critical one'),
  // Our choice: a database that serves web requests finds about 99 % of its blocks in memory.
  min_cache_percent: percent(98, 'the share of blocks that should be found in memory'),
  // 8 GB of blocks: a nightly VACUUM, dump or report reads less of a small database, and always from the disk.
  min_blocks: count(
    1_000_000,
    'the share of blocks in memory is not judged with fewer blocks read than this',
    1_000_000_000,
  ),
  // Our choice: unique violations and serialization failures are fewer on a usual day.
  max_rollback_percent: percent(10, 'up to this share of transactions may be rolled back'),
  // With fewer, ten failed statements decide.
  min_transactions: count(100, 'rollbacks are not judged with fewer transactions than this'),
  // Each deadlock ends a transaction of a user.
  min_deadlocks: count(1, 'this many deadlocks in an hour are a finding'),
  // Our choice: users notice a second (see max_p95_ms of sentinel-api).
  slow_ms: amount(1_000, "from this many milliseconds on a statement's mean is a low finding"),
  // Ten times as long.
  slow_severe_ms: amount(
    10_000,
    "from this many milliseconds on a statement's mean is a medium one",
  ),
  // Fewer calls in one to two hours are reports and commands of people.
  min_calls: count(5, 'statements with fewer calls than this are not judged'),
  // Longer than a month: a monthly report may need it.
  unused_days: count(35, 'for how many days an index may be unused', 3_650),
  // A smaller one costs next to nothing, and most of a young platform's indexes are small.
  unused_min_mb: amount(10, 'indexes that are smaller than this many megabytes may be unused'),
  ignored_schemas: z
    .array(z.string())
    .max(200)
    .default(managedSchemas)
    .describe('schemas whose indexes and triggers are not judged'),
  ignored_indexes: z
    .array(z.string())
    .max(1_000)
    .default(documentedDuplicates)
    .describe('names of indexes that may be duplicate or unused'),
  // A receiver that is restarted or updated is back within the hour.
  slot_minutes: amount(60, 'how many minutes a replication slot may be inactive'),
  // 64 WAL segments of 16 MB; max_wal_size is 1 GB unless set.
  slot_severe_mb: amount(
    1_024,
    'from this many megabytes of WAL on that the server keeps for it, an inactive slot is high',
  ),
  // 64 segments of 16 MB are max_wal_size unless set.
  max_unarchived_segments: count(64, 'how many WAL segments may wait to be archived'),
  // One is made each day at 04:00: half a day more.
  backup_hours: amount(36, 'from this age on, in hours, the newest backup is a high finding'),
  // Three days in a row without one.
  backup_severe_hours: amount(72, 'from this age on, in hours, it is a critical one'),
  // Each is proven when it is made: two proofs in a row have failed.
  proof_hours: amount(60, 'from this age on, in hours, the newest proven backup is a finding'),
  max_size_gb: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('how large the database may become, in gigabytes; null: no limit'),
  // A month: time to enlarge a disk.
  size_days: amount(
    30,
    'a finding if the database reaches max_size_gb within this many days',
    36_500,
  ),
  // Our choice: a database that grows by a fifth each day doubles in four.
  max_growth_percent: amount(20, 'by how many percent the database may grow in a day'),
  // A small database grows by much of itself with one import.
  min_growth_mb: amount(1_024, 'growth by fewer megabytes than this in a day is no finding'),
  max_findings: maxFindings('tables, indexes and the like'),
});
export type Config = z.infer<typeof config>;

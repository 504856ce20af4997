/** Indexes that no statement used for weeks. */
import { sql, z } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { bytes, isOfUsers, nameOf, reportList } from './report.ts';

interface Index {
  oid: string;
  name: string;
  table: string;
  size: number;
  /** a foreign key whose columns no other index begins with */
  foreign_key: string | null;
}

/**
 * PostgreSQL does not say when an index was made, nor since when it counts after a crash. So the check remembers the day on which it
 * first saw each index unused, and a counter of the database that only a reset can lower.
 */
const memory = z.object({
  /** since which day the statistics are known to count, in days since 1970 */
  since: z.number(),
  reset: z.string().nullable(),
  commits: z.number(),
  unused: z.record(z.string(), z.number()),
});

/** How many are examined, the largest first; their names fit into what a check may remember. */
const maxIndexes = 800;

/** SQL: whether the index `i` begins with the columns of the foreign key `k`, in any order. */
const beginsWith = (index: string) => sql`(
  SELECT array_agg(c ORDER BY c) FROM unnest((${sql.ref(`${index}.indkey`)}::int2[])[0:cardinality(k.conkey) - 1]) c)
  = (SELECT array_agg(c ORDER BY c) FROM unnest(k.conkey) c)`;

const readIndexes = (
  { db }: CheckContext,
  { ignored_schemas, ignored_indexes, unused_min_mb }: Config,
) =>
  sql<Index>`
  SELECT x.oid::text, ${nameOf('n.nspname', 'x.relname')} AS name, t.relname AS "table",
    x.relpages * current_setting('block_size')::float8 AS size,
    (SELECT k.conname FROM pg_constraint k
     WHERE k.contype = 'f' AND k.conrelid = i.indrelid AND ${beginsWith('i')} AND i.indpred IS NULL AND NOT EXISTS (
       SELECT FROM pg_index o WHERE o.indrelid = k.conrelid AND o.indexrelid <> i.indexrelid AND o.indisvalid AND o.indpred IS NULL
         AND ${beginsWith('o')})
     ORDER BY k.conname LIMIT 1) AS foreign_key
  FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = x.relnamespace
  WHERE s.idx_scan = 0 AND i.indisvalid AND NOT i.indisunique AND NOT i.indisprimary AND NOT i.indisreplident
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.oid)
    AND x.relpages * current_setting('block_size')::float8 >= ${unused_min_mb}::float8 * 1048576
    AND ${isOfUsers('n.nspname')} AND n.nspname <> ALL (${ignored_schemas}::text[]) AND x.relname <> ALL (${ignored_indexes}::text[])
  ORDER BY x.relpages DESC, x.oid LIMIT ${maxIndexes + 1}`.execute(db);

interface Counting {
  reset: string | null;
  days: number | null;
  commits: number;
  indexes: number;
}

export async function findUnusedIndexes(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const today = Math.floor(context.now.getTime() / 86_400_000);
  const { rows: counting } = await sql<Counting>`
    SELECT stats_reset::text AS reset, (extract(epoch FROM ${context.now}::timestamptz - stats_reset) / 86400)::float8 AS days,
      xact_commit::float8 AS commits, (SELECT count(*)::int FROM pg_stat_user_indexes) AS indexes
    FROM pg_stat_database WHERE datname = current_database()`.execute(context.db);
  const { reset, days, commits, indexes } = counting[0]!;
  const known = memory.nullable().catch(null).parse(context.remembered);
  const isContinued = known !== null && known.reset === reset && commits >= known.commits;
  // No day is later than today, also after a clock was set back.
  const since = isContinued
    ? Math.min(known.since, today)
    : Math.ceil(today - (known === null ? Math.max(0, days ?? 0) : 0));
  const { rows } = await readIndexes(context, config);
  const seen = rows.slice(0, maxIndexes);
  // After a reset also indexes that were used look unused, so their days count from today.
  const unused = Object.fromEntries(
    seen.map(({ oid }) => [
      oid,
      Math.min((isContinued ? known.unused[oid] : undefined) ?? today, today),
    ]),
  );
  const age = today - since;
  const found = seen
    .map((index) => ({ ...index, days: Math.min(age, today - unused[index.oid]!) }))
    .filter((index) => index.days >= config.unused_days);
  const result = reportList(
    found,
    config,
    ({ name: component, table, size, days, foreign_key }) => ({
      severity: 'low',
      title: `Unused index ${component} of ${table}: no statement has used it for ${counted(days, 'day')}, and it takes ${bytes(size)}`,
      description:
        `The statistics have counted for ${counted(age, 'day')}. Standbys count their own uses: look there, too.` +
        (foreign_key === null
          ? ''
          : ` It is the only index for the foreign key ${foreign_key}: without it, each row that is deleted from the other table has all of ${table} read.`),
      component,
      metadata: { table, size, days, foreign_key },
    }),
    {
      count: indexes,
      figures: [
        { name: 'indexes', value: indexes },
        { name: 'large indexes that were not used yet', value: seen.length },
        { name: 'indexes unused for too long', value: found.length },
        { name: 'age of the statistics', value: age, unit: 'days' },
      ],
    },
  );
  return {
    ...result,
    truncated: result.truncated === true || rows.length > maxIndexes,
    remember: { since, reset, commits, unused },
  };
}

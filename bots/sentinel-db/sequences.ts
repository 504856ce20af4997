/** Sequences whose values run out: their own, or those that fit into the column behind them. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { nameOf, reportList } from './report.ts';

interface Sequence {
  oid: string;
  name: string;
  table: string | null;
  column: string | null;
  /** the first and the last value that it can give out; texts, because a number of JavaScript is not so exact */
  begin: string;
  end: string;
  readable: boolean;
  role: string;
  count: number;
}

/** SQL: the column behind a sequence, known by its ownership, its identity or its default. The narrowest one counts. */
const columns = sql`
  SELECT DISTINCT ON (seq) seq, attrelid, attname, type FROM (
    SELECT d.objid AS seq, a.attrelid, a.attname, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END AS type
    FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      JOIN pg_type t ON t.oid = a.atttypid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    UNION ALL
    SELECT d.refobjid, a.attrelid, a.attname, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END
    FROM pg_depend d JOIN pg_attrdef f ON f.oid = d.objid JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
      JOIN pg_type t ON t.oid = a.atttypid
    WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n'
  ) behind WHERE type IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
  ORDER BY seq, CASE type WHEN 'int2'::regtype THEN 2 WHEN 'int4'::regtype THEN 4 ELSE 8 END`;

/**
 * Reading the value of a sequence takes a lock that does not conflict with its use. A sequence that a command alters or drops, or
 * is about to, is not read now: the check would wait for that command, in the same queue as the sequence's users.
 */
const isLocked = sql`EXISTS (
  SELECT FROM pg_locks l WHERE l.relation = s.seqrelid AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))`;

/** How many sequences are examined, those of narrow columns first. */
const maxSequences = 10_000;
/** How many are read by one statement, because each takes a lock until the end of the statement. */
const batchSize = 500;

const readSequences = ({ db }: CheckContext) =>
  sql<Sequence>`
  WITH columns AS MATERIALIZED (${columns}), sequences AS MATERIALIZED (
    SELECT s.*, ${nameOf('n.nspname', 'c.relname')} AS name, behind.attrelid, behind.attname,
      CASE behind.type WHEN 'int2'::regtype THEN 32767 WHEN 'int4'::regtype THEN 2147483647 ELSE 9223372036854775807 END::numeric AS room
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN columns behind ON behind.seq = s.seqrelid
    WHERE NOT s.seqcycle AND c.relpersistence <> 't'
  )
  SELECT s.seqrelid::text AS oid, s.name, ${nameOf('n.nspname', 'c.relname')} AS "table", s.attname AS "column",
    (CASE WHEN seqincrement > 0 THEN seqmin ELSE seqmax END)::text AS begin,
    (CASE WHEN seqincrement > 0 THEN least(seqmax, room) ELSE greatest(seqmin, -room - 1) END)::text AS "end",
    has_sequence_privilege(s.seqrelid, 'SELECT, USAGE') AND NOT ${isLocked} AS readable,
    quote_ident(current_user) AS role, count(*) OVER ()::int AS count
  FROM sequences s LEFT JOIN pg_class c ON c.oid = s.attrelid LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
  ORDER BY s.room, s.name LIMIT ${maxSequences}`.execute(db);

/** The last values by oid; a sequence that was never used has none. */
async function readValues(
  sequences: Sequence[],
  { db, skip }: CheckContext,
): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (let from = 0; from < sequences.length; from += batchSize) {
    const oids = sequences.slice(from, from + batchSize).map(({ oid }) => oid);
    const { rows } = await sql<{ oid: string; last: string | null }>`
      SELECT oid::text, pg_sequence_last_value(oid)::text AS last FROM unnest(${oids}::oid[]) oid`
      .execute(db)
      .catch((error: { code?: string }) =>
        // A sequence was dropped or locked after the locks were read.
        ['XX000', '42P01', '55P03'].includes(error.code ?? '')
          ? skip('a sequence was changed while the check read it; the next run reads it again')
          : Promise.reject(error),
      );
    for (const { oid, last } of rows) if (last !== null) values.set(oid, last);
  }
  return values;
}

/** The share of its values that a sequence has used, in percent. */
function shareOf({ begin, end }: Sequence, last: string): number {
  const [first, until, at] = [Number(begin), Number(end), Number(last)];
  return Math.min(100, (100 * Math.abs(at - first)) / Math.max(1, Math.abs(until - first)));
}

export async function findFullSequences(
  config: Config,
  context: CheckContext,
): Promise<CheckResult> {
  const { sequence_percent: from, sequence_severe_percent: severe, max_findings: max } = config;
  const { rows } = await readSequences(context);
  const readable = rows.filter((sequence) => sequence.readable);
  const hidden = rows.filter((sequence) => !sequence.readable).map(({ name }) => name);
  if (rows[0] && readable.length === 0)
    context.skip(
      `no sequence may be read: GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO ${rows[0].role}`,
    );
  const values = await readValues(readable, context);
  const used = readable
    .flatMap((sequence) => {
      const last = values.get(sequence.oid);
      return last === undefined ? [] : [{ ...sequence, last, share: shareOf(sequence, last) }];
    })
    .toSorted((a, b) => b.share - a.share);
  const result = reportList(
    used.filter(({ share }) => share >= from).slice(0, max + 1),
    config,
    ({ name: component, share, last, end, table, column }) => ({
      severity: share >= severe ? 'critical' : 'high',
      title: `Sequence ${component} has used ${Math.floor(share)} % of its values`,
      description: `It is at ${last}, and the last value ${table === null ? 'of the sequence' : `that fits into ${table}.${column}`} is ${end}. After it, inserts fail.`,
      component,
      metadata: { last, end, table, column },
    }),
    {
      count: readable.length,
      except: hidden,
      figures: [
        { name: 'sequences', value: rows[0]?.count ?? 0 },
        { name: 'sequences that could not be read', value: hidden.length },
        { name: 'largest share of values used', value: Math.round(used[0]?.share ?? 0), unit: '%' },
      ],
    },
  );
  return { ...result, truncated: result.truncated === true || (rows[0]?.count ?? 0) > rows.length };
}

/** Counts events for a check of events, by key and from each key's start on, and reports the keys that are wrong. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, Figure, ReportedFinding } from '../../src/bot.ts';

type Fragment = ReturnType<typeof sql>;

/** What is counted of a key. */
export interface Counted {
  key: string;
  bad: number;
  /** how many events there were, with the bad ones; null where only bad ones leave a trace */
  of: number | null;
  newest: string | null;
}

/** What is counted of all keys together. */
export interface Totals {
  keys: number;
  /** how many keys are a finding */
  wrong: number;
  /** how many keys are bad and no finding, because they are as usual */
  tolerated: number;
  bad: number;
  of: number;
}

export interface Question {
  /** common tables that `counted` reads */
  tables?: Fragment;
  /** a SELECT of `key`, `bad`, `of`, `newest` and what else a finding tells, of events since the key's start */
  counted: Fragment;
  /** which rows of `counted` are findings, and their order */
  wrong: Fragment;
  worst: Fragment;
  /** which rows of `counted` are as bad as usual; none unless given */
  tolerated?: Fragment;
  max: number;
  /** further columns of a finding, of a row `g` of `counted`: read for those that are reported, however many keys there are */
  details?: Fragment;
  /** good events leave no trace, so that no key has an `of` */
  badAlone?: true;
  /** as of a result: many wrong keys have no cause in common */
  unrelated?: true;
  /** a SELECT of how many keys there are; unless given, those with events */
  keys?: Fragment;
  figures(totals: Totals): Figure[];
}

/**
 * Joins the start of its key to the rows of events; `key` is an expression of these rows. The common table `starts` has a row for
 * each key that has a start of its own.
 */
export const joinStart = (key: Fragment) => sql`LEFT JOIN starts ON starts.key = ${key}`;

/** Whether an event of `key` counts: it came after the key's start or, without one, after that of the window. */
export const isSinceStart = (key: Fragment, { from, only }: EventContext) => sql`
  created_at >= coalesce(starts."from", ${from}) ${only ? sql`AND ${key} = ANY (${[...only]}::text[])` : sql``}`;

export async function countEvents<Row extends Counted>(
  { db, starts, only }: EventContext,
  {
    tables,
    counted,
    wrong,
    worst,
    tolerated,
    max,
    details,
    badAlone,
    unrelated,
    keys,
    figures,
  }: Question,
  finding: (row: Row) => Omit<ReportedFinding, 'key'>,
): Promise<EventResult> {
  const { rows } = await sql<Totals & { found: Row[]; tallies: Counted[] }>`
    WITH starts AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(starts)}::jsonb) AS s (key text, "from" timestamptz)
    ), ${tables ? sql`${tables},` : sql``} counted AS MATERIALIZED (${counted}), wrong AS MATERIALIZED (
      SELECT * FROM counted WHERE ${wrong}
    ), found AS MATERIALIZED (
      SELECT g.* ${details ? sql`, ${details}` : sql``}
      FROM (SELECT *, row_number() OVER (ORDER BY ${worst}, key) AS place FROM wrong ORDER BY place LIMIT ${max + 1}) g
    ), tallied AS (
      SELECT key FROM found UNION SELECT key FROM starts UNION SELECT unnest(${[...(only ?? [])]}::text[])
    )
    SELECT (${keys ?? sql`SELECT count(*)::int FROM counted`}) AS keys, (SELECT count(*)::int FROM wrong) AS wrong,
      (SELECT count(*)::int FROM counted WHERE ${tolerated ?? sql`false`}) AS tolerated,
      (SELECT coalesce(sum(bad), 0)::int FROM counted) AS bad, (SELECT coalesce(sum("of"), 0)::int FROM counted) AS "of",
      (SELECT coalesce(json_agg(found ORDER BY place), '[]') FROM found) AS found,
      (SELECT coalesce(json_agg(json_build_object('key', key, 'bad', coalesce(bad, 0), 'of', coalesce("of", 0),
         'newest', newest)), '[]')
       FROM tallied LEFT JOIN counted USING (key)) AS tallies`.execute(db);
  const { found, tallies, ...totals } = rows[0]!;
  return {
    // Every key: one without any event is clean.
    examined: only ? [...only] : { count: totals.keys, except: [] },
    findings: found.slice(0, max).map((row) => ({ ...finding(row), key: row.key })),
    figures: figures(totals),
    truncated: found.length > max,
    ...(unrelated && { unrelated }),
    tallies: tallies.map(({ newest, ...each }) => ({
      ...each,
      of: badAlone ? null : each.of,
      newestBadAt: newest === null || each.bad === 0 ? null : new Date(newest),
    })),
  };
}

/** Counts events of each key from its start on, and reports the keys that are wrong. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, Figure, ReportedFinding } from '../../src/bot.ts';

type Fragment = ReturnType<typeof sql>;

/** What is counted of a key. */
export interface Counted {
  key: string;
  bad: number;
  of: number | null;
  newest: string | null;
}

export interface Question {
  /** common tables that `counted` reads */
  tables?: Fragment;
  /** a SELECT of `key`, `bad`, `of`, `newest` and what else a finding tells, of events since the key's start */
  counted: Fragment;
  /** which rows of `counted` are findings, and their order */
  wrong: Fragment;
  worst: Fragment;
  max: number;
  figures(totals: { keys: number; bad: number; of: number }): Figure[];
}

/**
 * The events of a key begin at its own start, or at that of the window. `key` is an expression of the events' rows, to which
 * `starts` is joined by {@link itsStart}.
 */
export const sinceStart = (key: Fragment, { from, only }: EventContext) => sql`
  created_at >= coalesce(starts."from", ${from}) ${only ? sql`AND ${key} = ANY (${[...only]}::text[])` : sql``}`;
export const itsStart = (key: Fragment) => sql`LEFT JOIN starts ON starts.key = ${key}`;

export async function tally<Row extends Counted>(
  { db, starts, only }: EventContext,
  { tables, counted, wrong, worst, max, figures }: Question,
  finding: (row: Row) => Omit<ReportedFinding, 'key'>,
): Promise<EventResult> {
  const { rows } = await sql<{
    keys: number;
    bad: number;
    of: number;
    found: Row[];
    tallies: Counted[];
  }>`
    WITH starts AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(starts)}::jsonb) AS s (key text, "from" timestamptz)
    ), ${tables ? sql`${tables},` : sql``} counted AS MATERIALIZED (${counted}), found AS (
      SELECT *, row_number() OVER (ORDER BY ${worst}, key) AS place FROM counted WHERE ${wrong} ORDER BY place LIMIT ${max + 1}
    ), tallied AS (
      SELECT key FROM found UNION SELECT key FROM starts UNION SELECT unnest(${[...(only ?? [])]}::text[])
    )
    SELECT (SELECT count(*)::int FROM counted) AS keys, (SELECT coalesce(sum(bad), 0)::int FROM counted) AS bad,
      (SELECT coalesce(sum("of"), 0)::int FROM counted) AS "of",
      (SELECT coalesce(json_agg(found ORDER BY place), '[]') FROM found) AS found,
      (SELECT coalesce(json_agg(json_build_object('key', key, 'bad', coalesce(bad, 0), 'of', coalesce("of", 0),
                                                  'newest', newest)), '[]')
       FROM tallied LEFT JOIN counted USING (key)) AS tallies`.execute(db);
  const { found, tallies, ...totals } = rows[0]!;
  return {
    // All but these: a key without any event is clean.
    examined: only ? [...only] : { count: totals.keys, except: [] },
    findings: found.slice(0, max).map((row) => ({ ...finding(row), key: row.key })),
    figures: figures(totals),
    truncated: found.length > max,
    tallies: tallies.map(({ newest, ...each }) => ({
      ...each,
      newestBadAt: newest === null || each.bad === 0 ? null : new Date(newest),
    })),
  };
}

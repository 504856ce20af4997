/** Counts uses of apps or tools for checks of events: which of them are bad, and what was counted for each asked key. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, ReportedFinding } from '../../src/bot.ts';
import { aboutKey, type Kind } from './kinds.ts';

/** One row for each app or tool that was used. */
export interface Counted {
  key: string;
  bad: number;
  of: number;
  newest: string | null;
  wrong: boolean;
}

/** SQL of the active ones that the check is asked about, with `start`, the time from which on their uses count. */
export const asked = ({ active }: Kind, { from, starts, only }: EventContext) => sql`
  SELECT a.*, coalesce(s."from", ${from}::timestamptz) AS start
  FROM (${active}) a
  LEFT JOIN jsonb_to_recordset(${JSON.stringify(starts)}::jsonb) AS s (key text, "from" timestamptz) ON s.key = a.key
  WHERE ${only ? sql`a.key = ANY (${only}::text[])` : sql`true`}`;

/** `counted` is SQL of the rows of {@link Counted}; the `wrong` ones are reported, those with the most bad ones first. */
export async function reportUses<Row extends Counted>(
  counted: ReturnType<typeof sql>,
  max: number,
  { db, starts, only }: EventContext,
  finding: (
    row: Row,
    component: string,
  ) => Pick<ReportedFinding, 'severity' | 'title' | 'description' | 'metadata'>,
): Promise<EventResult> {
  const { rows } = await sql<{ used: number; found: Row[]; tallies: Counted[] }>`
    WITH counted AS MATERIALIZED (${counted}), found AS (
      SELECT *, row_number() OVER (ORDER BY 1.0 * bad / "of" DESC, bad DESC, key) AS place FROM counted WHERE wrong
      ORDER BY place LIMIT ${max + 1}
    ), tallied AS (
      SELECT key FROM found UNION SELECT unnest(${[...starts.map(({ key }) => key), ...(only ?? [])]}::text[])
    )
    SELECT (SELECT count(*)::int FROM counted) AS used,
      (SELECT coalesce(json_agg(found ORDER BY place), '[]') FROM found) AS found,
      (SELECT coalesce(json_agg(json_build_object('key', key, 'bad', coalesce(bad, 0), 'of', coalesce("of", 0), 'newest', newest)),
                       '[]') FROM tallied LEFT JOIN counted USING (key)) AS tallies`.execute(db);
  const { used, found, tallies } = rows[0]!;
  return {
    examined: only ? [...only] : { count: used, except: [] },
    findings: found.slice(0, max).map((row) => {
      const about = aboutKey(row.key);
      return Object.assign(finding(row, about.component), { category: 'apps', ...about });
    }),
    truncated: found.length > max,
    figures: [{ name: 'used in the window', value: used }],
    tallies: tallies.map(({ key, bad, of, newest }) => ({
      key,
      bad,
      of,
      newestBadAt: newest === null ? null : new Date(newest),
    })),
  };
}

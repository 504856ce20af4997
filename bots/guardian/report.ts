/** What the checks of `guardian` about single rows have in common. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, Figure, ReportedFinding } from '../../src/bot.ts';
import { span } from '../parts/in-words.ts';
import type { Config } from './config.ts';

export type Fragment = ReturnType<typeof sql>;

/** One run reads this many rows at most; where there are more, its result is marked as truncated. */
export const maxRead = 50_000;

/** Whether the payment `t` is examined: a test payment moves no money. */
export const isLive = ({ test_mode }: Config): Fragment =>
  test_mode
    ? sql`true`
    : sql`(coalesce(t.metadata ->> 'livemode', '') <> 'false'
        AND coalesce(t.metadata ->> 'environment', t.metadata ->> 'mode', '') NOT IN ('sandbox', 'test')
        AND coalesce(t.provider_transaction_id, '') NOT LIKE 'cs\\_test\\_%')`;

/** A wrong row, as the query of a check returns it. */
export interface Wrong {
  id: string;
}

interface RowsToReport<Row extends Wrong> {
  /** a query of the rows that the check examines, with the column `wrong` and what `finding` needs */
  rows: Fragment;
  /** columns of `rows` */
  order: Fragment;
  /** further columns of a finding, of a row `found`: read for those that are reported only */
  details?: Fragment;
  /** what the figures count */
  examined: string;
  found: string;
  component: string;
  finding(row: Row): Pick<ReportedFinding, 'severity' | 'title' | 'description'> & {
    metadata: Record<string, unknown>;
  };
}

/** One finding for each wrong row, its id as the key. */
export async function reportRows<Row extends Wrong>(
  { max_findings: max }: Config,
  { db }: CheckContext,
  { rows: query, order, details, examined, found, component, finding }: RowsToReport<Row>,
): Promise<CheckResult> {
  const { rows } = await sql<{ examined: number; count: number; found: Row[] }>`
    WITH examined AS MATERIALIZED (${query}), found AS (
      SELECT *, row_number() OVER (ORDER BY ${order}, id) AS place, count(*) OVER () AS count
      FROM examined WHERE wrong ORDER BY place LIMIT ${max}
    )
    SELECT (SELECT count(*)::int FROM examined) AS examined, coalesce(max(count), 0)::int AS count,
      coalesce(json_agg(found ORDER BY place), '[]') AS found
    FROM (SELECT * ${details ? sql`, ${details}` : sql``} FROM found) found`.execute(db);
  const { examined: read = 0, count = 0, found: wrong = [] } = rows[0] ?? {};
  const figures: Figure[] = [
    { name: examined, value: read },
    { name: found, value: count },
  ];
  return {
    examined: { count: read, except: [] },
    figures,
    findings: wrong.map((row) =>
      Object.assign(finding(row), { category: 'payments', component, key: row.id }),
    ),
    truncated: count > max || read > maxRead,
  };
}

/** How long ago `from` was, in the words of {@link span}. */
export function timeSinceInWords(from: string | Date | null, now: Date): string {
  const begun = from === null ? NaN : new Date(from).getTime();
  // PostgreSQL also knows the time -infinity.
  return Number.isNaN(begun)
    ? 'an unknown time'
    : span(Math.max(0, (now.getTime() - begun) / 1_000));
}

/** What the checks of `guardian` about single rows have in common. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, Figure, ReportedFinding } from '../../src/bot.ts';
import type { Config } from './config.ts';

export type Fragment = ReturnType<typeof sql>;

/** More rows than these one run does not read; it says that it was cut. */
export const maxRead = 50_000;

export const ago = (now: Date, milliseconds: number): Date =>
  new Date(now.getTime() - milliseconds);
export const minute = 60_000;
export const day = 86_400_000;

/**
 * The ids in the open findings of a check. They are asked again however old they are and however lately they were edited,
 * because a problem must not resolve by leaving the window, or by an edit of something else.
 */
export const openIds = (check: string): Fragment => sql`ARRAY(
  SELECT DISTINCT component_key::uuid FROM bot_findings
  WHERE resolved_at IS NULL AND category = 'payments' AND check_name = ${check}
    AND component_key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
  LIMIT 1000)`;

/** Whether the payment `t` counts: one of a test moves no money. */
export const isLive = ({ test_mode }: Config): Fragment =>
  test_mode
    ? sql`true`
    : sql`(coalesce(t.metadata ->> 'livemode', '') <> 'false'
        AND coalesce(t.metadata ->> 'environment', t.metadata ->> 'mode', '') NOT IN ('sandbox', 'test')
        AND coalesce(t.provider_transaction_id, '') NOT LIKE 'cs\\_test\\_%')`;

/** What a query says of each row that is wrong. */
export interface Wrong {
  id: string;
}

interface Asked<Row extends Wrong> {
  /** a query of the rows that were looked at, with `wrong` and what `finding` needs */
  rows: Fragment;
  /** columns of `rows` */
  order: Fragment;
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
  { rows: asked, order, examined, found, component, finding }: Asked<Row>,
): Promise<CheckResult> {
  const { rows } = await sql<{ examined: number; count: number; found: Row[] }>`
    WITH looked AS MATERIALIZED (${asked}), found AS (
      SELECT *, row_number() OVER (ORDER BY ${order}, id) AS place, count(*) OVER () AS count
      FROM looked WHERE wrong ORDER BY place LIMIT ${max}
    )
    SELECT (SELECT count(*)::int FROM looked) AS examined, coalesce(max(count), 0)::int AS count,
      coalesce(json_agg(found ORDER BY place), '[]') AS found
    FROM found`.execute(db);
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

/** How long ago, in words: the largest unit that fits. */
export function since(from: string | Date | null, now: Date): string {
  const begun = from === null ? NaN : new Date(from).getTime();
  // PostgreSQL has a time before all others, too.
  if (Number.isNaN(begun)) return 'an unknown time';
  const minutes = Math.max(0, Math.floor((now.getTime() - begun) / minute));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2_880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} days`;
}

/** How the runs of each bot went, counted in a window. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, Figure, ReportedFinding } from '../../src/bot.ts';
import type { ConductorConfig } from './config.ts';

/** Whether a run says something about its bot; a verify run is about a cure, an external one about the platform's own code. */
const isCounted = sql`e.status IN ('success', 'failed', 'timeout') AND e.trigger NOT IN ('verify', 'external')`;

/** One row for each bot: how many of its `runs` are `bad`, and whether that is a finding. */
export interface Counted {
  name: string;
  bad: number;
  of: number;
  newest: string | null;
  wrong: boolean;
}

/** What was counted of all bots together; `wrong`: how many bots are a finding. */
export interface Totals {
  bots: number;
  bad: number;
  of: number;
  wrong: number;
}

/** `counted` is SQL of the rows of {@link Counted} for all bots; the `wrong` ones are reported in the order of `worst`. */
export async function reportEvents<Row extends Counted>(
  counted: ReturnType<typeof sql>,
  worst: ReturnType<typeof sql>,
  { max_findings: max }: Pick<ConductorConfig, 'max_findings'>,
  { db, starts, only }: EventContext,
  finding: (row: Row) => Pick<ReportedFinding, 'severity' | 'title' | 'description' | 'metadata'>,
  figures: (all: Totals) => Figure[],
): Promise<EventResult> {
  const { rows } = await sql<Totals & { found: Row[]; counted: Counted[] }>`
    WITH counted AS MATERIALIZED (${counted}), found AS (
      SELECT *, row_number() OVER (ORDER BY ${worst}, name) AS place FROM counted WHERE wrong
      ORDER BY place LIMIT ${max + 1}
    ), tallied AS (
      SELECT name FROM found UNION SELECT unnest(${[...starts.map(({ key }) => key), ...(only ?? [])]}::text[])
    )
    SELECT (SELECT count(*)::int FROM bots) AS bots, (SELECT coalesce(sum(bad), 0)::int FROM counted) AS bad,
      (SELECT coalesce(sum("of"), 0)::int FROM counted) AS "of", (SELECT count(*)::int FROM counted WHERE wrong) AS wrong,
      (SELECT coalesce(json_agg(found ORDER BY place), '[]') FROM found) AS found,
      (SELECT coalesce(json_agg(json_build_object('name', name, 'bad', coalesce(bad, 0), 'of', coalesce("of", 0),
                                                  'newest', newest)), '[]')
       FROM tallied LEFT JOIN counted USING (name)) AS counted`.execute(db);
  const { found, counted: tallies, ...all } = rows[0]!;
  return {
    examined: only ? [...only] : { count: all.bots, except: [] },
    figures: figures(all),
    findings: found
      .slice(0, max)
      .map((row) => Object.assign(finding(row), { category: 'bots', component: row.name })),
    truncated: found.length > max,
    tallies: tallies.map(({ name: key, bad, of, newest }) => ({
      key,
      bad,
      of,
      newestBadAt: newest === null ? null : new Date(newest),
    })),
  };
}

/** SQL that joins to a bot `b` the time from which on its runs are counted. */
export const startOf = ({ from, starts }: EventContext) => sql`CROSS JOIN LATERAL (SELECT coalesce((
  SELECT s."from" FROM jsonb_to_recordset(${JSON.stringify(starts)}::jsonb) AS s (key text, "from" timestamptz)
  WHERE s.key = b.name), ${from}) AS at) start`;

/**
 * The earliest of these times. The planner knows how many runs began after this one, and reads them by an index; of the time that
 * {@link startOf} joins it knows nothing, and reads all runs.
 */
export const earliest = ({ from, starts }: EventContext): Date =>
  new Date(Math.min(from.getTime(), ...starts.map((start) => start.from.getTime())));

/** Whether the check is asked about the bot `b`. A removed bot has no problem any more. */
export const isAsked = ({ only }: EventContext) => sql`b.removed_at IS NULL
  AND ${only ? sql`b.name = ANY (${only}::text[])` : sql`true`}`;

export function findLowSuccessRates(config: ConductorConfig, context: EventContext) {
  const counts = sql`
    SELECT *, "of" > ${config.min_runs} AND 100.0 * ("of" - bad) < ${config.min_success_rate}::numeric * "of" AS wrong
    FROM (
      SELECT b.name, count(*)::int AS "of", (count(*) FILTER (WHERE e.status <> 'success'))::int AS bad,
        max(e.started_at) FILTER (WHERE e.status <> 'success') AS newest
      FROM bots b ${startOf(context)} JOIN bot_executions e ON e.bot_id = b.id
      WHERE ${isCounted} AND e.started_at >= ${earliest(context)} AND e.started_at >= start.at
        AND e.started_at <= ${context.now} AND ${isAsked(context)}
      GROUP BY b.name
    ) runs`;
  const worst = sql`1.0 * bad / "of" DESC`;
  return reportEvents(
    counts,
    worst,
    config,
    context,
    ({ name: component, of: runs, bad }) => ({
      severity: 'high',
      title: `Bot ${component} succeeded in only ${runs - bad} of ${runs} runs`,
      description: `At least ${config.min_success_rate} % of its runs should succeed.`,
      metadata: { runs, successes: runs - bad, window_hours: config.window_hours },
    }),
    ({ bad, of }) => [
      { name: 'runs', value: of },
      { name: 'without success', value: bad },
      { name: 'success rate', value: of === 0 ? 100 : (100 * (of - bad)) / of, unit: '%' },
    ],
  );
}

/** How old a bot's newest run may be: a bot that runs every month is included. */
export const newestRunSeconds = 32 * 24 * 3_600;
/** How many of the newest runs are read. */
const maxInRow = 50;

/**
 * Counts how many of a bot's newest runs in a row performed no checks, or how many in a row performed some: a single run of
 * either kind says little.
 */
export function findNoChecks(config: ConductorConfig, context: EventContext) {
  const counts = sql`
    SELECT name, CASE WHEN empty THEN in_row ELSE 0 END AS bad, in_row AS "of", CASE WHEN empty THEN started_at END AS newest,
      empty AS wrong, id, status, started_at
    FROM (
      SELECT b.name, newest.*,
        (SELECT count(*)::int FROM unnest(newest.all_empty) WITH ORDINALITY AS each (empty, place)
         WHERE place < coalesce(array_position(newest.all_empty, NOT newest.empty), ${maxInRow + 1})) AS in_row
      FROM bots b ${startOf(context)} CROSS JOIN LATERAL (
        SELECT (array_agg(id))[1] AS id, (array_agg(status))[1] AS status, max(started_at) AS started_at,
          (array_agg(empty))[1] AS empty, array_agg(empty) AS all_empty
        FROM (
          SELECT * FROM (
            SELECT e.id, e.status, e.started_at, coalesce(e.checks_performed, 0) = 0 AS empty FROM bot_executions e
            WHERE e.bot_id = b.id AND ${isCounted} AND e.started_at >= ${earliest(context)} AND e.started_at <= ${context.now}
            ORDER BY e.started_at DESC LIMIT ${maxInRow}
          ) newest WHERE started_at >= start.at ORDER BY started_at DESC
        ) runs
      ) newest
      WHERE newest.id IS NOT NULL AND ${isAsked(context)}
    ) bots`;
  type Newest = Counted & { id: string; status: string; started_at: string };
  return reportEvents<Newest>(
    counts,
    sql`started_at`,
    config,
    context,
    ({ name: component, id, status, started_at }) => ({
      severity: 'medium',
      title: `Bot ${component} performed no checks in its newest run`,
      description: 'A bot that looks at nothing finds nothing.',
      metadata: { execution: id, status, started_at: new Date(started_at).toISOString() },
    }),
    ({ bots, wrong }) => [
      { name: 'bots', value: bots },
      { name: 'without checks in their newest run', value: wrong },
    ],
  );
}

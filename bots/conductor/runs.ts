/** How the runs of each bot went, counted in a window. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult, ReportedFinding } from '../../src/bot.ts';
import { countEvents, type Counted, type Question } from '../parts/count-events.ts';
import { category, type Config } from './config.ts';

/** Whether a run says something about its bot; a verify run is about a cure, an external one about the platform's own code. */
export const isCounted = sql`e.status IN ('success', 'failed', 'timeout') AND e.trigger NOT IN ('verify', 'external')`;

/** Reports bots by what is counted of their runs; the keys are the names of bots. */
export const reportRuns = <Row extends Counted>(
  question: Omit<Question, 'keys' | 'max'>,
  { max_findings: max }: Pick<Config, 'max_findings'>,
  context: EventContext,
  finding: (row: Row) => Pick<ReportedFinding, 'severity' | 'title' | 'description' | 'metadata'>,
): Promise<EventResult> =>
  countEvents<Row>(
    context,
    { ...question, max, keys: sql`SELECT count(*)::int FROM bots` },
    (row) => Object.assign(finding(row), { category, component: row.key }),
  );

/** SQL that joins to a bot `b` the time from which on its runs are counted. */
export const startOf = ({ from }: EventContext) => sql`CROSS JOIN LATERAL (SELECT coalesce((
  SELECT starts."from" FROM starts WHERE starts.key = b.name), ${from}) AS at) start`;

/**
 * The earliest of these times. With it as a constant the planner can estimate how many runs began after it, and reads them by an
 * index. With only the time that {@link startOf} joins, it would read all runs.
 */
export const earliest = ({ from, starts }: EventContext): Date =>
  new Date(Math.min(from.getTime(), ...starts.map((start) => start.from.getTime())));

/** Whether the check is asked about the bot `b`. A removed bot has no problem any more. */
export const isAsked = ({ only }: EventContext) => sql`b.removed_at IS NULL
  AND ${only ? sql`b.name = ANY (${only}::text[])` : sql`true`}`;

export function findLowSuccessRates(config: Config, context: EventContext) {
  return reportRuns(
    {
      counted: sql`
        SELECT b.name AS key, count(*)::int AS "of", (count(*) FILTER (WHERE e.status <> 'success'))::int AS bad,
          max(e.started_at) FILTER (WHERE e.status <> 'success') AS newest
        FROM bots b ${startOf(context)} JOIN bot_executions e ON e.bot_id = b.id
        WHERE ${isCounted} AND e.started_at >= ${earliest(context)} AND e.started_at >= start.at
          AND e.started_at <= ${context.now} AND ${isAsked(context)}
        GROUP BY b.name`,
      wrong: sql`"of" > ${config.min_runs} AND 100.0 * ("of" - bad) < ${config.min_success_rate}::numeric * "of"`,
      worst: sql`1.0 * bad / "of" DESC`,
      figures: ({ bad, of }) => [
        { name: 'runs', value: of },
        { name: 'runs without success', value: bad },
        { name: 'success rate', value: of === 0 ? 100 : (100 * (of - bad)) / of, unit: '%' },
      ],
    },
    config,
    context,
    ({ key: component, of, bad }) => {
      const runs = of ?? 0;
      return {
        severity: 'high',
        title: `Bot ${component} succeeded in only ${runs - bad} of ${runs} runs`,
        description: `At least ${config.min_success_rate} % of its runs should succeed.`,
        metadata: { runs, successes: runs - bad, window_hours: config.window_hours },
      };
    },
  );
}

/** How old a bot's newest run may be: a bot that runs every month is included. */
export const newestRunSeconds = 32 * 24 * 3_600;
/** How many of the newest runs are read. */
const maxRunsRead = 50;

/**
 * Counts how many of a bot's newest runs in a row performed no checks, or how many in a row performed some: a single run of
 * either kind says little.
 */
export function findNoChecks(config: Config, context: EventContext) {
  type Newest = Counted & {
    without_checks: boolean;
    id: string;
    status: string;
    started_at: string;
  };
  return reportRuns<Newest>(
    {
      counted: sql`
        SELECT name AS key, CASE WHEN without_checks THEN alike_in_row ELSE 0 END AS bad, alike_in_row AS "of",
          CASE WHEN without_checks THEN started_at END AS newest, without_checks, id, status, started_at
        FROM (
          SELECT b.name, newest.*,
            (SELECT count(*)::int FROM unnest(newest.all_without) WITH ORDINALITY AS each (without_checks, place)
             WHERE place < coalesce(array_position(newest.all_without, NOT newest.without_checks), ${maxRunsRead + 1})) AS alike_in_row
          FROM bots b ${startOf(context)} CROSS JOIN LATERAL (
            SELECT (array_agg(id))[1] AS id, (array_agg(status))[1] AS status, max(started_at) AS started_at,
              (array_agg(without_checks))[1] AS without_checks, array_agg(without_checks) AS all_without
            FROM (
              SELECT * FROM (
                SELECT e.id, e.status, e.started_at, coalesce(e.checks_performed, 0) = 0 AS without_checks FROM bot_executions e
                WHERE e.bot_id = b.id AND ${isCounted} AND e.started_at >= ${earliest(context)} AND e.started_at <= ${context.now}
                ORDER BY e.started_at DESC LIMIT ${maxRunsRead}
              ) newest WHERE started_at >= start.at ORDER BY started_at DESC
            ) runs
          ) newest
          WHERE newest.id IS NOT NULL AND ${isAsked(context)}
        ) bots`,
      wrong: sql`without_checks`,
      worst: sql`started_at`,
      figures: ({ keys, wrong }) => [
        { name: 'bots', value: keys },
        { name: 'bots without checks in their newest run', value: wrong },
      ],
    },
    config,
    context,
    ({ key: component, id, status, started_at }) => ({
      severity: 'medium',
      title: `Bot ${component} performed no checks in its newest run`,
      description: 'A bot that performs no checks finds no problem.',
      metadata: { execution: id, status, started_at: new Date(started_at).toISOString() },
    }),
  );
}

/** Bots whose newest runs failed, and bots that change between success and failure. */
import { sql } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import { span } from '../parts/in-words.ts';
import { minutesBefore } from '../parts/time.ts';
import { category, type Config } from './config.ts';
import { ownEndpoints, report } from './report.ts';
import { isCounted } from './runs.ts';

interface Ended {
  name: string;
  next_execution_at: Date;
  failures_in_row: number;
  status: string;
  error: string | null;
  ended: Date;
}

/** How many of the newest runs of a bot are read. */
const maxRunsRead = 10;

/**
 * A bot that runs again soon needs no remedy. For one that runs each night, the remedy queues another run, once. A bot with a queued or
 * running run is left out: it is not known yet how that run ends.
 */
export function findBadEndings(config: Config, context: CheckContext) {
  const soon = minutesBefore(context.now, -config.requeue_wait_minutes);
  const query = sql<Ended>`
    SELECT b.name, b.next_execution_at, newest.failures_in_row, newest.status, newest.error, newest.ended
    FROM bots b CROSS JOIN LATERAL (
      SELECT coalesce(min(place) FILTER (WHERE status = 'success') - 1, count(*))::int AS failures_in_row,
        (array_agg(status ORDER BY place))[1] AS status, left((array_agg(error_message ORDER BY place))[1], 300) AS error,
        (array_agg(completed_at ORDER BY place))[1] AS ended
      FROM (
        SELECT e.status, e.error_message, e.completed_at, row_number() OVER (ORDER BY e.started_at DESC) AS place
        FROM bot_executions e WHERE e.bot_id = b.id AND ${isCounted} ORDER BY e.started_at DESC LIMIT ${maxRunsRead}
      ) runs
    ) newest
    WHERE b.status = 'active' AND b.next_execution_at > ${soon} AND newest.failures_in_row > 0
      AND NOT EXISTS (SELECT FROM bot_executions e
                      WHERE e.bot_id = b.id AND e.status IN ('queued', 'running') AND e.trigger NOT IN ('verify', 'external'))
    ORDER BY newest.failures_in_row DESC, b.next_execution_at DESC, b.name`;
  return report(
    query,
    config,
    context,
    ({ name: component, next_execution_at, failures_in_row: failures, status, error, ended }) => {
      const which = failures === 1 ? 'newest run' : `${failures} newest runs`;
      const next = span((next_execution_at.getTime() - context.now.getTime()) / 1_000);
      return {
        severity: 'medium',
        category,
        title: `Bot ${component} failed in its ${which}, and the next one is in ${next}`,
        description:
          error ?? (status === 'timeout' ? 'Its deadline passed.' : 'The run gave no reason.'),
        component,
        metadata: {
          failures_in_row: failures,
          status,
          ended: ended?.toISOString(),
          next_execution_at: next_execution_at.toISOString(),
        },
      };
    },
    (found, bots) => [
      { name: 'bots', value: bots },
      { name: 'bots whose newest run failed', value: found.length },
    ],
  );
}

/** How many runs are judged; Nagios keeps as many results. */
const judgedRuns = 21;

/** The conductor itself is left out: the remedy pauses the bot, and then no bot would watch the others. */
export function findFlapping(config: Config, context: CheckContext) {
  const query = sql<{ name: string; changes: number; successes: number }>`
    SELECT b.name, newest.changes, newest.successes
    FROM bots b CROSS JOIN LATERAL (
      SELECT count(*) AS runs, (count(*) FILTER (WHERE ok <> before))::int AS changes,
        (count(*) FILTER (WHERE ok))::int AS successes
      FROM (
        SELECT ok, lag(ok) OVER (ORDER BY started_at) AS before FROM (
          SELECT e.status = 'success' AS ok, e.started_at FROM bot_executions e
          WHERE e.bot_id = b.id AND ${isCounted} AND e.started_at > ${context.now}::timestamptz - interval '7 days'
          ORDER BY e.started_at DESC LIMIT ${judgedRuns}
        ) runs
      ) pairs
    ) newest
    WHERE b.status = 'active' AND NOT (b.api_endpoint = ANY (${ownEndpoints}::text[]))
      AND newest.runs = ${judgedRuns} AND 100.0 * newest.changes >= ${config.flapping_percent}::numeric * ${judgedRuns - 1} AND newest.changes > 0
    ORDER BY newest.changes DESC, b.name`;
  return report(
    query,
    config,
    context,
    ({ name: component, changes, successes }) => ({
      severity: 'medium',
      category,
      title: `Bot ${component} flaps: its last ${judgedRuns} runs changed ${changes} times between success and failure`,
      description: `${successes} of them succeeded. While it fails, its findings neither open nor resolve.`,
      component,
      metadata: { runs: judgedRuns, changes, successes },
    }),
    (found, bots) => [
      { name: 'bots', value: bots },
      { name: 'flapping bots', value: found.length },
    ],
  );
}

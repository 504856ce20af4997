/** Bots whose runs succeed, and whose checks examine nothing: such a run is empty. */
import { sql } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { hoursBefore } from '../parts/time.ts';
import { category, type Config } from './config.ts';
import { report } from './report.ts';

/** How many runs before these hours are read to tell whether the bot ever examined anything. */
const maxEarlier = 500;

/** Whether a check of the run `e` examined anything. A run of an older version, which did not store that, counts as one that did. */
const hasExamined = sql`coalesce(jsonb_path_exists(e.metadata, '$.checks[*] ? ((@.status == "passed" || @.status == "failed")
  && (!exists(@.examined) || @.examined != 0))'), true)`;

/** Whether the run `e` succeeded and performed checks; the check `no-checks` reports runs that performed none. */
const hasChecks = sql`e.status = 'success' AND e.checks_performed > 0 AND e.trigger NOT IN ('verify', 'external')`;

interface EmptyBot {
  name: string;
  runs: number;
  looked_before: boolean;
}

/** A bot that watches traffic may examine nothing at night, so all successes of the last day have to be empty. */
export function findEmptyRuns(config: Config, context: CheckContext) {
  const since = hoursBefore(context.now, config.empty_hours);
  const query = sql<EmptyBot>`
    SELECT b.name, empty.runs, EXISTS (
        SELECT FROM (SELECT e.* FROM bot_executions e WHERE e.bot_id = b.id AND e.started_at < ${since} AND ${hasChecks}
                     ORDER BY e.started_at DESC LIMIT ${maxEarlier}) e
        WHERE e.metadata @? '$.checks[*].examined ? (@ > 0)') AS looked_before
    FROM bots b CROSS JOIN LATERAL (
      SELECT count(*)::int AS runs FROM bot_executions e
      WHERE e.bot_id = b.id AND e.started_at >= ${since} AND e.started_at <= ${context.now} AND ${hasChecks}
    ) empty
    WHERE b.status = 'active' AND empty.runs >= ${config.min_empty_runs}
      -- A new bot is not judged before it has existed for all of these hours.
      AND (b.created_at <= ${since} OR EXISTS (
        SELECT FROM bot_executions e WHERE e.bot_id = b.id AND e.started_at < ${since}))
      AND NOT EXISTS (
        SELECT FROM bot_executions e
        WHERE e.bot_id = b.id AND e.started_at >= ${since} AND e.started_at <= ${context.now} AND ${hasChecks} AND ${hasExamined})
    ORDER BY looked_before DESC, b.name`;
  return report(
    query,
    config,
    context,
    ({ name: component, runs, looked_before }) => ({
      severity: looked_before ? 'medium' : 'low',
      category,
      title: `Bot ${component} examined nothing in its last ${counted(runs, 'run')}`,
      description: looked_before
        ? `Earlier runs did. For ${config.empty_hours} hours none of its checks has examined anything: what it reads may no longer be written.`
        : 'None of its checks has examined anything yet. What it watches may not be connected, or not be in use.',
      component,
      metadata: { runs, hours: config.empty_hours, looked_before },
    }),
    (found, bots) => [
      { name: 'bots', value: bots },
      { name: 'bots that examine nothing', value: found.length },
    ],
  );
}

/** Bots whose runs succeed and look at nothing. */
import { sql } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import { hoursBefore } from '../time.ts';
import { category, type Config } from './config.ts';
import { report } from './report.ts';

/** How many runs before the last hours are read to tell whether the bot ever looked at something. */
const maxEarlier = 500;

/** Whether a check of the run `e` looked at something. Runs of versions that did not store that count as if one had. */
const looked = sql`coalesce(jsonb_path_exists(e.metadata, '$.checks[*] ? ((@.status == "passed" || @.status == "failed")
  && (!exists(@.examined) || @.examined != 0))'), true)`;

/** Successes that performed checks; a run that performed none is told by another check. */
const counts = sql`e.status = 'success' AND e.checks_performed > 0 AND e.trigger NOT IN ('verify', 'external')`;

interface Hollow {
  name: string;
  runs: number;
  looked_before: boolean;
}

/** A quiet night is no fault of a bot that watches traffic: all successes of the last day have to be hollow. */
export function findHollowRuns(config: Config, context: CheckContext) {
  const since = hoursBefore(context.now, config.hollow_hours);
  const query = sql<Hollow>`
    SELECT b.name, hollow.runs, EXISTS (
        SELECT FROM (SELECT e.* FROM bot_executions e WHERE e.bot_id = b.id AND e.started_at < ${since} AND ${counts}
                     ORDER BY e.started_at DESC LIMIT ${maxEarlier}) e
        WHERE e.metadata @? '$.checks[*].examined ? (@ > 0)') AS looked_before
    FROM bots b CROSS JOIN LATERAL (
      SELECT count(*)::int AS runs FROM bot_executions e
      WHERE e.bot_id = b.id AND e.started_at >= ${since} AND e.started_at <= ${context.now} AND ${counts}
    ) hollow
    WHERE b.status = 'active' AND hollow.runs >= ${config.min_hollow_runs}
      AND NOT EXISTS (
        SELECT FROM bot_executions e
        WHERE e.bot_id = b.id AND e.started_at >= ${since} AND e.started_at <= ${context.now} AND ${counts} AND ${looked})
    ORDER BY looked_before DESC, b.name`;
  return report(
    query,
    config,
    context,
    ({ name: component, runs, looked_before }) => ({
      severity: looked_before ? 'medium' : 'low',
      category,
      title: `Bot ${component} examined nothing in its last ${runs} runs`,
      description: looked_before
        ? `It did before. For ${config.hollow_hours} hours each of its checks has found nothing to look at: a source may have dried up.`
        : 'Each of its checks finds nothing to look at. What it watches may not be connected, or not be in use.',
      component,
      metadata: { runs, hours: config.hollow_hours, looked_before },
    }),
    (found, bots) => [
      { name: 'bots', value: bots },
      { name: 'bots that examine nothing', value: found.length },
    ],
  );
}

/** Whether bots are on time, their runs end, and they are in service. */
import { sql } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { daysBefore, minuteMs, minutesBefore } from '../parts/time.ts';
import { category, type Config } from './config.ts';
import { ownEndpoints, report } from './report.ts';

const secondsSince = (at: Date | undefined, now: Date) =>
  at === undefined ? 0 : Math.floor((now.getTime() - at.getTime()) / 1_000);

export function findOverdue(config: Config, context: CheckContext) {
  const due = minutesBefore(context.now, config.overdue_minutes);
  const query = sql<{ name: string; next_execution_at: Date }>`
    SELECT name, next_execution_at FROM bots
    WHERE status = 'active' AND next_execution_at < ${due}
    ORDER BY next_execution_at, name`;
  return report(
    query,
    config,
    context,
    (bot) => {
      const late = context.now.getTime() - bot.next_execution_at.getTime();
      return {
        severity: 'high',
        category,
        title: `Bot ${bot.name} is overdue by ${counted(Math.floor(late / minuteMs), 'minute')}`,
        description: 'Its slot is due, and no scheduler has claimed it.',
        component: bot.name,
        metadata: { next_execution_at: bot.next_execution_at.toISOString() },
      };
    },
    (found, bots) => [
      { name: 'bots', value: bots },
      { name: 'overdue bots', value: found.length },
      {
        name: 'longest time overdue',
        value: secondsSince(found[0]?.next_execution_at, context.now),
        unit: 's',
      },
    ],
  );
}

// A queued run counts as stuck only while its bot has a free place. Otherwise it waits for another run of its bot, and that run
// is watched itself. The newest running run of the conductor is left out: this check runs in it.
export function findStuck(config: Config, context: CheckContext) {
  const query = sql<{ name: string; runs: number; since: Date; executions: string[] }>`
    WITH unfinished AS (
      SELECT b.name, b.api_endpoint, e.id, e.status,
        CASE e.status WHEN 'running' THEN e.started_at
          ELSE greatest(e.queued_at, e.run_after) END AS since,
        CASE e.status WHEN 'running' THEN b.timeout_seconds + ${config.stuck_margin_seconds}::float8
          ELSE ${config.queued_minutes}::float8 * 60 END AS allowed,
        count(*) FILTER (WHERE e.status = 'running') OVER (PARTITION BY b.id)
          >= b.concurrency AS busy,
        row_number() OVER (PARTITION BY b.id, e.status ORDER BY e.started_at DESC) AS newest
      FROM bot_executions e JOIN bots b ON b.id = e.bot_id
      WHERE e.status IN ('queued', 'running') AND e.trigger <> 'external' AND b.removed_at IS NULL
    )
    SELECT name, count(*)::int AS runs, min(since) AS since,
      (array_agg(id ORDER BY since))[1:20] AS executions
    FROM unfinished
    WHERE since + make_interval(secs => allowed) < ${context.now}
      AND NOT (status = 'queued' AND busy)
      AND NOT (api_endpoint = ANY (${ownEndpoints}::text[]) AND status = 'running' AND newest = 1)
    GROUP BY name ORDER BY min(since), name`;
  return report(
    query,
    config,
    context,
    ({ name: component, runs, since, executions }) => {
      const minutes = Math.floor((context.now.getTime() - since.getTime()) / minuteMs);
      const what = runs === 1 ? 'a stuck run' : `${runs} stuck runs, the oldest`;
      return {
        severity: 'high',
        category,
        title: `Bot ${component} has had ${what} for ${counted(minutes, 'minute')}`,
        description: 'The run neither ends nor is rescued.',
        component,
        metadata: { runs, since: since.toISOString(), executions },
      };
    },
    (found, bots) => [
      { name: 'bots', value: bots },
      { name: 'stuck runs', value: found.reduce((all, { runs }) => all + runs, 0) },
      { name: 'longest time stuck', value: secondsSince(found[0]?.since, context.now), unit: 's' },
    ],
  );
}

export function findOutOfService(config: Config, context: CheckContext) {
  const query = sql<{ name: string; status: string; status_reason: string | null; since: Date }>`
    SELECT name, status, status_reason, since
    FROM (SELECT *, coalesce(status_changed_at, updated_at, created_at) AS since FROM bots) b
    WHERE status = 'error'
      OR status = 'paused' AND since < ${daysBefore(context.now, config.paused_days)}
        -- A bot of the catalogue that has never had another status ships paused: it waits for its settings.
        AND NOT (catalogue_name IS NOT NULL AND status_changed_at IS NULL)
    ORDER BY status, since, name`;
  return report(
    query,
    config,
    context,
    ({ name: component, status, status_reason, since }) => ({
      severity: status === 'error' ? 'high' : 'low',
      category,
      title:
        status === 'error'
          ? `Bot ${component} is out of service: its definition cannot run`
          : `Bot ${component} is out of service: paused for more than ${counted(config.paused_days, 'day')}`,
      description: status_reason ?? 'No reason was given.',
      component,
      metadata: { status, status_reason, since: since?.toISOString() ?? null },
    }),
    (found, bots) => [
      { name: 'bots', value: bots },
      { name: 'bots in error', value: found.filter(({ status }) => status === 'error').length },
      {
        name: 'bots paused for too long',
        value: found.filter(({ status }) => status === 'paused').length,
      },
    ],
  );
}

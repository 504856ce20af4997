/** How many runs are due and wait, and for how long. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import type { Config } from './config.ts';

const component = 'queue';
/** More waiting runs than these are not counted. */
const maxCounted = 100_000;
const maxNamed = 10;

interface Waiting {
  due: number;
  backfill: number;
  waiting: number;
  since: Date | null;
  bots: { name: string; runs: number }[];
}

/**
 * Left out are slots that a person fills later (backfill), which may take their time, and runs that wait for another run of their
 * own bot.
 */
export async function findLongQueue(
  { max_waiting_runs, waiting_minutes }: Config,
  { db, now }: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<Waiting>`
    WITH due AS MATERIALIZED (
      SELECT e.bot_id, e.trigger, coalesce(e.run_after, e.queued_at) AS since FROM bot_executions e
      WHERE e.status = 'queued' AND e.trigger <> 'external' AND coalesce(e.run_after, e.queued_at) <= ${now}
      LIMIT ${maxCounted}
    ), busy AS MATERIALIZED (
      SELECT b.id FROM bots b JOIN bot_executions e ON e.bot_id = b.id
      WHERE e.status = 'running' GROUP BY b.id HAVING count(*) >= b.concurrency
    ), waiting AS MATERIALIZED (
      SELECT d.bot_id, d.since FROM due d WHERE d.trigger <> 'backfill' AND d.bot_id NOT IN (SELECT id FROM busy)
    )
    SELECT (SELECT count(*)::int FROM due) AS due,
      (SELECT count(*)::int FROM due WHERE trigger = 'backfill') AS backfill,
      count(*)::int AS waiting, min(since) AS since,
      (SELECT coalesce(jsonb_agg(to_jsonb(most)), '[]') FROM (
         SELECT b.name, count(*)::int AS runs FROM waiting w JOIN bots b ON b.id = w.bot_id
         GROUP BY b.name ORDER BY runs DESC, b.name LIMIT ${maxNamed}) most) AS bots
    FROM waiting`.execute(db);
  const { due, backfill, waiting, since, bots } = rows[0]!;
  const seconds = since ? Math.floor((now.getTime() - since.getTime()) / 1_000) : 0;
  const isLong = waiting > max_waiting_runs && seconds > waiting_minutes * 60;
  const minutes = Math.floor(seconds / 60);
  return {
    examined: [component],
    figures: [
      { name: 'due runs', value: due },
      { name: 'due runs of backfills', value: backfill },
      { name: 'runs that wait for a worker', value: waiting },
      { name: 'longest wait for a worker', value: seconds, unit: 's' },
    ],
    findings: isLong
      ? [
          {
            severity: 'high',
            category: 'queue',
            title: `${waiting} runs wait for a worker, the oldest for ${counted(minutes, 'minute')}`,
            description: 'More runs become due than the workers can execute.',
            component,
            metadata: { waiting, since: since!.toISOString(), bots },
          },
        ]
      : [],
  };
}

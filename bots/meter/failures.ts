/** Requests to models that fail. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult } from '../../src/bot.ts';
import {
  countEvents,
  joinStart,
  isSinceStart,
  type Counted,
  type Totals,
} from '../parts/count-events.ts';
import { shortened } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { maxShown, requireUsage } from './usage.ts';

interface Model extends Counted {
  of: number;
  users: number;
  error: string | null;
}

export async function findFailures(config: Config, context: EventContext): Promise<EventResult> {
  const { from, now } = context;
  const { failure_minutes, max_failure_percent, high_failure_percent } = config;
  await requireUsage(context);
  const key = sql`u.key`;
  const question = {
    counted: sql`
      SELECT u.key, count(*)::int AS "of", (count(*) FILTER (WHERE NOT success))::int AS bad,
        (count(DISTINCT user_id) FILTER (WHERE NOT success))::int AS users,
        max(created_at) FILTER (WHERE NOT success) AS newest,
        left((array_agg(error_message ORDER BY created_at DESC) FILTER (WHERE NOT success AND error_message IS NOT NULL))[1], 300)
          AS error
      FROM (SELECT *, provider || '/' || model AS key FROM javari_usage_stats
            WHERE created_at >= ${from} AND created_at <= ${now}) u ${joinStart(key)}
      WHERE ${isSinceStart(key, context)}
      GROUP BY u.key`,
    wrong: sql`"of" >= ${config.min_requests} AND users >= ${config.min_failing_users}
      AND 100.0 * bad > ${max_failure_percent}::numeric * "of"`,
    worst: sql`bad DESC`,
    max: config.max_findings,
    figures: ({ bad, of }: Totals) => [
      { name: 'requests to models', value: of },
      { name: 'failed requests', value: bad },
      { name: 'share of failed requests', value: of === 0 ? 0 : (100 * bad) / of, unit: '%' },
    ],
  };
  return countEvents<Model>(context, question, ({ key: component, bad, of, users, error }) => ({
    severity: 100 * bad > high_failure_percent * of ? 'high' : 'medium',
    category: 'models',
    title: `Model ${shortened(component, maxShown)}: ${bad} of ${of} requests failed`,
    description: error ?? 'These requests recorded no error message.',
    component,
    metadata: { failed: bad, requests: of, users, minutes: failure_minutes, error },
  }));
}

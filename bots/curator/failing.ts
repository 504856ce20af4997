/** Looks for active apps that fail for most of their users. (tools_usage does not say whether a use succeeded.) */
import { sql } from '../../src/bot.ts';
import type { EventContext } from '../../src/bot.ts';
import type { Config } from './config.ts';
import type { Counted } from '../parts/count-events.ts';
import { askedAbout, reportUses } from './count-uses.ts';
import { apps } from './kinds.ts';

interface Failing extends Counted {
  uses: number;
  failed: number;
}

/** Counts users, not uses, because one user may try again and again. All uses without a user count as those of one user. */
export function findFailing(
  { min_users, max_failing_percent, failing_hours, max_findings }: Config,
  context: EventContext,
) {
  const counted = sql`
      SELECT key, count(*)::int AS "of", (count(*) FILTER (WHERE 2 * failed > uses))::int AS bad,
        max(newest) FILTER (WHERE 2 * failed > uses) AS newest, sum(uses)::int AS uses, sum(failed)::int AS failed
      FROM (
        SELECT a.key, u.user_id, count(*) AS uses, count(*) FILTER (WHERE NOT u.success) AS failed,
          max(u.created_at) FILTER (WHERE NOT u.success) AS newest
        FROM (${askedAbout(apps, context)}) a
        JOIN app_usage u ON u.app_id = a.id AND u.created_at >= a.start AND u.created_at <= ${context.now}
        GROUP BY a.key, u.user_id
      ) users GROUP BY key`;
  const wrong = sql`"of" >= ${min_users} AND 100.0 * bad > ${max_failing_percent}::numeric * "of"`;
  return reportUses<Failing>(
    apps,
    { counted, wrong, max: max_findings },
    context,
    ({ bad, of, uses, failed }, component) => ({
      severity: 'high',
      title: `App ${component} fails for ${bad} of ${of} users`,
      description: `${failed} of ${uses} uses failed. app_usage.error_message says why.`,
      metadata: {
        users: of,
        failing_users: bad,
        uses,
        failed_uses: failed,
        window_hours: failing_hours,
      },
    }),
  );
}

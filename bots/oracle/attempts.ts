/**
 * Logins and failed logins. Neither table is made for them, so both are read: POST requests to the login endpoints in `api_logs`
 * by their answer, and actions of `user_activity_log` by their type. A platform may write both for one login, so a count takes
 * the table with more failures, and never the sum.
 */
import { sql } from '../../src/bot.ts';
import type { EventContext } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { requireClients } from './network.ts';

/** SQL for the common table `attempts`, with source, ip_address, user_id, created_at, failed. */
export const attemptsOf = (config: Config, { from, now }: EventContext) => sql`
  attempts AS MATERIALIZED (
    SELECT 'api_logs' AS source, ip_address, user_id, created_at, status_code >= 400 AS failed
    FROM api_logs
    WHERE created_at >= ${from} AND created_at <= ${now} AND upper(method) = 'POST'
      AND coalesce(nullif(rtrim(split_part(endpoint, '?', 1), '/'), ''), '/') = ANY (${config.login_paths}::text[])
      -- A token that is renewed with an old one is no attempt to sign in.
      AND endpoint NOT LIKE '%grant_type=refresh_token%'
      AND (status_code BETWEEN 200 AND 399 OR status_code = ANY (${config.failed_statuses}::int[]))
    UNION ALL
    SELECT 'user_activity_log', ip_address, user_id, created_at, action_type = ANY (${config.failed_actions}::text[])
    FROM user_activity_log
    WHERE created_at >= ${from} AND created_at <= ${now}
      AND action_type = ANY (${[...config.login_actions, ...config.failed_actions]}::text[])
  )`;

/** Ends the check where no table shows logins, so that silence does not look like health. */
export async function requireAttempts(
  config: Config,
  context: EventContext,
  of: 'addresses' | 'accounts' | 'all',
): Promise<void> {
  const { rows } = await sql<{
    api: number;
    activity: number;
    failed: number;
    accounts: number;
    earlier: boolean;
  }>`
    WITH ${attemptsOf(config, context)}
    SELECT count(*) FILTER (WHERE source = 'api_logs')::int AS api, count(*) FILTER (WHERE source <> 'api_logs')::int AS activity,
      count(*) FILTER (WHERE failed)::int AS failed, count(*) FILTER (WHERE failed AND user_id IS NOT NULL)::int AS accounts,
      EXISTS (SELECT FROM api_logs WHERE endpoint = ANY (${config.login_paths}::text[]) AND created_at > ${context.now}::timestamptz - interval '7 days')
      OR EXISTS (SELECT FROM user_activity_log WHERE action_type = ANY (${[...config.login_actions, ...config.failed_actions]}::text[]))
        AS earlier
    FROM attempts`.execute(context.db);
  const { api, activity, failed, accounts, earlier } = rows[0]!;
  if (api + activity === 0) {
    if (!earlier)
      context.skip(
        'no logins are recorded: api_logs has no POST request to the paths of the setting login_paths, and user_activity_log none of ' +
          'the actions of login_actions and failed_actions; set them as your platform writes them',
      );
    return;
  }
  if (of === 'accounts' && failed >= config.min_failed_of_account && accounts === 0)
    context.skip(
      'failed logins do not say for which account: have the platform write user_id to api_logs, or an action of failed_actions to user_activity_log',
    );
  if (of === 'addresses')
    await requireClients(api > 0 ? 'api_logs' : 'user_activity_log', config, context.from, context);
}

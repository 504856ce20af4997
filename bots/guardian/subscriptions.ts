/** Subscriptions that outlived their period, and profiles that say something else than their subscription. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { daysBefore, hoursBefore, minutesBefore } from '../parts/time.ts';
import { maskedEmail, userInWords } from '../parts/people.ts';
import { openIds } from '../parts/open-findings.ts';
import type { Config } from './config.ts';
import { providerIdOr } from './name-payment.ts';
import { timeSinceInWords, maxRead, reportRows, type Wrong } from './report.ts';

interface Outlived extends Wrong {
  provider: string;
  provider_subscription_id: string | null;
  user_id: string | null;
  tier: string;
  status: string;
  current_period_end: string;
  cancel_at_period_end: boolean | null;
}

/**
 * A canceled subscription ends with its period. One without an end of its period, such as a gift, never ends. The job `subscriptions` ends
 * those that are past the grace, as far as it can be sure: it has a few minutes for that.
 */
export function findOutlived(config: Config, context: CheckContext): Promise<CheckResult> {
  const { now } = context;
  const settled = minutesBefore(now, config.grace_minutes);
  const active = hoursBefore(settled, config.period_grace_hours);
  const pastDue = daysBefore(settled, config.past_due_days);
  return reportRows<Outlived>(config, context, {
    rows: sql`
      SELECT id, provider, provider_subscription_id, user_id, tier, status, current_period_end, cancel_at_period_end,
        current_period_end < CASE status WHEN 'past_due' THEN ${pastDue}::timestamptz ELSE ${active}::timestamptz END AS wrong
      FROM subscriptions
      WHERE status IN ('active', 'past_due') AND current_period_end < ${now}
      ORDER BY current_period_end LIMIT ${maxRead + 1}`,
    order: sql`current_period_end`,
    examined: 'subscriptions whose period is over',
    found: 'subscriptions past their period',
    component: 'subscriptions',
    finding: ({ id, ...row }) => ({
      severity: 'medium',
      title: `Subscription ${providerIdOr(id, row.provider_subscription_id)} is ${row.status}, and its period ended ${timeSinceInWords(row.current_period_end, now)} ago`,
      description: row.cancel_at_period_end
        ? 'It was to end with its period, and the platform still serves it.'
        : 'It was neither renewed nor ended.',
      metadata: { subscription_id: id, ...row },
    }),
  });
}

interface Differing extends Wrong {
  email: string | null;
  profile_status: string | null;
  profile_tier: string | null;
  subscription_id: string | null;
  status: string | null;
  tier: string | null;
  current_period_end: string | null;
  kind: 'unpaid' | 'unserved' | 'tier';
}

const severities = { unpaid: 'medium', unserved: 'high', tier: 'medium' } as const;

/**
 * Compares each profile with all subscriptions of its user. A profile that was made active by hand, without any subscription,
 * is a gift. A subscription that is past_due or canceled within its period may be served or not.
 */
export function findDiffering(config: Config, context: CheckContext): Promise<CheckResult> {
  const { now } = context;
  const settled = minutesBefore(now, config.grace_minutes);
  const ended = hoursBefore(now, config.period_grace_hours);
  return reportRows<Differing>(config, context, {
    rows: sql`
      WITH subscribed AS MATERIALIZED (
        SELECT user_id, bool_or(status = 'active') AS is_active,
          bool_or(status = 'active' AND NOT coalesce(cancel_at_period_end, false)
                  AND coalesce(current_period_end >= ${ended}, true)) AS renews,
          bool_or(status IN ('active', 'past_due')
                  OR (status = 'canceled' AND coalesce(current_period_end >= ${ended}, true))) AS is_paid,
          array_agg(tier::text) FILTER (WHERE status <> 'expired') AS tiers, max(updated_at) AS updated_at
        FROM subscriptions GROUP BY user_id
      ), compared AS (
        SELECT p.id, p.subscription_status AS profile_status, p.subscription_tier AS profile_tier,
          (greatest(p.updated_at, s.updated_at) <= ${settled} IS NOT FALSE
           OR p.id = ANY (${openIds('payments', 'profile-disagrees')})) AS is_settled,
          CASE
            WHEN p.subscription_status = 'active' AND NOT coalesce(s.is_paid, false) THEN 'unpaid'
            WHEN s.renews AND p.subscription_status IS DISTINCT FROM 'active' THEN 'unserved'
            WHEN p.subscription_status = 'active' AND s.is_active
              AND NOT coalesce(p.subscription_tier = ANY (s.tiers), false) THEN 'tier'
          END AS kind
        FROM profiles p LEFT JOIN subscribed s ON s.user_id = p.id
        WHERE s.user_id IS NOT NULL OR (p.subscription_status = 'active' AND p.subscription_id <> '')
      )
      SELECT c.id, c.profile_status, c.profile_tier, c.kind, s.id AS subscription_id, s.status, s.tier, s.current_period_end,
        c.kind IS NOT NULL AND c.is_settled AS wrong
      FROM compared c LEFT JOIN LATERAL (
        SELECT * FROM subscriptions s WHERE c.kind IS NOT NULL AND s.user_id = c.id
        ORDER BY s.status = 'active' DESC, s.current_period_end DESC NULLS LAST, s.id LIMIT 1
      ) s ON true`,
    order: sql`kind DESC`,
    examined: 'profiles with a subscription',
    found: 'profiles that differ',
    component: 'profiles.subscription_status',
    details: sql`${maskedEmail(sql`found.id`)} AS email`,
    finding: ({ id, kind, email, ...row }) => ({
      severity: severities[kind],
      title: `Profile ${userInWords(id, email)} is ${planInWords(row.profile_status, row.profile_tier)}, and its subscription is ${planInWords(row.status, row.tier)}`,
      description: {
        unpaid: 'The platform serves a subscription that is not paid for.',
        unserved: 'The user pays, and the platform does not serve the subscription.',
        tier: 'The platform serves another tier than the user pays for.',
      }[kind],
      metadata: { user_id: id, ...row },
    }),
  });
}

const planInWords = (status: string | null, tier: string | null): string =>
  status === null ? 'missing' : [status, tier].filter(Boolean).join(' ');

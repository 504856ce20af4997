/** Accounts whose billing stops their workflows or locks their repositories, and how much of its hourly points the token has left. */
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { counted, number } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { secretOf } from './open.ts';
import { standingOf } from './standing.ts';

/** The component of an account's billing. */
export const billingOf = (owner: string): string => `billing of ${owner.toLowerCase()}`;

export const quotaKey = 'hourly points';

export async function findBilling(config: Config, context: CheckContext): Promise<CheckResult> {
  const { answered, details, failures } = await standingOf('billing', config, context);
  const accounts = new Map<string, { locked: string[]; said: string | null; stopped: string[] }>();
  const accountOf = (owner: string) => {
    const name = owner.toLowerCase();
    const account = accounts.get(name) ?? { locked: [], said: null, stopped: [] };
    accounts.set(name, account);
    return account;
  };
  for (const [name, { lockReason, owner }] of answered.found)
    if (lockReason === 'BILLING') accountOf(owner.login).locked.push(name);
  for (const { name, owner } of failures) {
    const said = details.get(name)?.billing;
    if (!said) continue;
    const account = accountOf(owner);
    account.stopped.push(name);
    account.said = said;
  }
  // A failing branch at whose jobs this run did not look may be stopped by billing, too.
  const unseen = failures
    .filter(({ name }) => !details.has(name))
    .map(({ owner }) => billingOf(owner));
  const unread = [...answered.unread, ...answered.missing].map((name) =>
    billingOf(name.split('/')[0]!),
  );
  const quota = quotaFinding(config, answered.limit);
  return {
    examined: {
      count: new Set([...answered.found.values()].map(({ owner }) => owner.login)).size + 1,
      except: [...new Set([...unseen, ...unread, ...(answered.limit ? [] : [quotaKey])])],
    },
    findings: [...[...accounts].map(([owner, account]) => findingOf(owner, account)), ...quota],
    figures: [
      { name: 'accounts whose billing stops something', value: accounts.size },
      ...(answered.limit
        ? [
            {
              name: 'share of the points of the hour that is left',
              value: Math.round(
                (100 * answered.limit.remaining) / Math.max(1, answered.limit.limit),
              ),
              unit: '%',
            },
          ]
        : []),
    ],
  };
}

function findingOf(
  owner: string,
  { locked, stopped, said }: { locked: string[]; stopped: string[]; said: string | null },
): ReportedFinding {
  const title =
    locked.length > 0
      ? `Billing of ${owner} has locked ${counted(locked.length, 'repository', 'repositories')}`
      : `Billing of ${owner} stops its workflows`;
  return {
    severity: 'high',
    category: 'repositories',
    title,
    description: said ?? 'GitHub locks repositories of an account whose payments have failed.',
    component: billingOf(owner),
    metadata: { locked: locked.slice(0, 50), stopped: stopped.slice(0, 50) },
  };
}

function quotaFinding(
  config: Config,
  limit: { limit: number; remaining: number; resetAt: Date } | null,
): ReportedFinding[] {
  if (!limit || limit.limit <= 0) return [];
  const share = (100 * limit.remaining) / limit.limit;
  if (share >= config.min_quota_percent) return [];
  return [
    {
      severity: 'medium',
      category: 'repositories',
      title: `${secretOf(config)} has ${number(limit.remaining)} of ${number(limit.limit)} points left in this hour`,
      description:
        'Another program uses the same token, or the same account: the architect itself uses less than 60 points an hour. Without ' +
        'points nothing can be read. Give this bot a token of its own, or a GitHub App.',
      component: secretOf(config),
      key: quotaKey,
      metadata: { resets_at: limit.resetAt },
    },
  ];
}

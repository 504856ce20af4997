/** Compares the credit ledger with what is derived from it, and with what users used and paid for. */
import { defineBot, sql, z } from '../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../src/bot.ts';
import { checkGrants, checkPools } from './ledger/grants.ts';
import { counted } from './parts/in-words.ts';
import { knowledge } from './ledger/knowledge.ts';
import { checkUsage } from './ledger/usage.ts';
import { maskedEmail, userInWords } from './parts/people.ts';
import { maxFindings, time } from './parts/settings.ts';

const config = z.strictObject({
  max_findings: maxFindings(),
  // A day: with the memory of the check, what an outage of a day left is still read.
  usage_hours: time(24, 'how many hours back uses are compared with their debits, at most', 720),
  // A use and its debit are written within the same request, or by a queue within minutes.
  usage_grace_minutes: time(
    10,
    'how many minutes before or after a use its debit may be booked',
    1_440,
  ),
  // Stripe sends an event that failed again for three days (docs.stripe.com/webhooks), people resend it for 30.
  grant_days: time(
    30,
    'how many days of bookings are searched for a payment that gave credits twice',
    365,
  ),
});
type Config = z.infer<typeof config>;

interface Balance {
  user_id: string;
  /** profiles.credits */
  cached: number | null;
  /** the sum of all amounts; 0 without any */
  ledger: number;
  /** balance_after of the newest row; null without any */
  last_balance: number | null;
}

/** SQL of one row for every user. */
export const balances = sql<Balance>`
  SELECT p.id AS user_id, p.credits AS cached, coalesce(total.amount, 0) AS ledger,
    newest.balance_after AS last_balance
  FROM profiles p
  LEFT JOIN (
    SELECT user_id, sum(amount) AS amount FROM credits GROUP BY user_id
  ) total ON total.user_id = p.id
  LEFT JOIN LATERAL (
    SELECT balance_after FROM credits WHERE user_id = p.id ORDER BY seq DESC LIMIT 1
  ) newest ON true`;

interface Found extends Balance {
  /** masked */
  email: string | null;
}

const isChainBroken = sql`coalesce(last_balance, 0) <> ledger`;

/** Whether the cached credits are wrong. If the chain is broken, it is not known which number is right: then they are not judged. */
export const isDrifted = sql`cached IS DISTINCT FROM ledger AND NOT (${isChainBroken})`;

const sampleSize = 20;

const figuresOf = (users: number, name: string, count: number) => [
  { name: 'users', value: users },
  { name, value: count },
];

/** The first `limit` users with `condition`, in `order`; how many users there are; and how many of them have the condition. */
async function findUsers(
  { db }: CheckContext,
  condition: ReturnType<typeof sql>,
  order: ReturnType<typeof sql>,
  limit: number,
): Promise<{ users: number; count: number; found: Found[] }> {
  const { rows } = await sql<{ users: number; count: number; found: Found[] }>`
    WITH balances AS MATERIALIZED (${balances}), found AS (
      SELECT *, row_number() OVER (ORDER BY ${order}, user_id) AS place, count(*) OVER () AS count
      FROM balances WHERE ${condition} ORDER BY place LIMIT ${limit}
    )
    SELECT (SELECT count(*)::int FROM balances) AS users, coalesce(max(count), 0)::int AS count,
      coalesce(json_agg(json_build_object('user_id', user_id, 'cached', cached, 'ledger', ledger,
        'last_balance', last_balance, 'email', ${maskedEmail(sql`user_id`)}) ORDER BY place), '[]') AS found
    FROM found`.execute(db);
  return rows[0] ?? { users: 0, count: 0, found: [] };
}

async function checkCachedCredits(_config: Config, context: CheckContext): Promise<CheckResult> {
  const { users, count, found } = await findUsers(context, isDrifted, sql`user_id`, sampleSize);
  const component = 'profiles.credits';
  const finding: ReportedFinding = {
    severity: 'high',
    category: 'ledger',
    title: `Cached credits differ from the ledger for ${counted(count, 'user')}`,
    description: 'profiles.credits is a cache of the sum of credits.amount; the ledger is right.',
    component,
    metadata: {
      users: count,
      sample: found.map(({ user_id, cached, ledger }) => ({ user_id, cached, ledger })),
    },
  };
  return {
    examined: [component],
    figures: figuresOf(users, 'users whose cached credits differ', count),
    findings: count > 0 ? [finding] : [],
  };
}

async function reportUsers(
  context: CheckContext,
  { max_findings: max }: Config,
  [condition, worst, figure]: [ReturnType<typeof sql>, ReturnType<typeof sql>, string],
  finding: (
    balance: Balance,
    user: string,
  ) => Pick<ReportedFinding, 'severity' | 'title' | 'description'>,
): Promise<CheckResult> {
  const { users, count, found } = await findUsers(context, condition, worst, max);
  return {
    examined: { count: users, except: [] },
    figures: figuresOf(users, figure, count),
    findings: found.map(({ email, ...balance }) =>
      Object.assign(finding(balance, userInWords(balance.user_id, email)), {
        category: 'ledger',
        component: 'credits',
        key: balance.user_id,
        metadata: { ...balance },
      }),
    ),
    truncated: count > max,
  };
}

function checkBalanceChain(config: Config, context: CheckContext) {
  const worst = sql`abs(last_balance - ledger) DESC`;
  return reportUsers(
    context,
    config,
    [isChainBroken, worst, 'users with a broken chain'],
    ({ ledger, last_balance }, user) => ({
      severity: 'critical',
      title: `Balance chain of user ${user} ends at ${last_balance}, the sum is ${ledger}`,
      description:
        'The newest balance_after is not the sum: a row was lost, changed or written twice.',
    }),
  );
}

function checkNegativeBalance(config: Config, context: CheckContext) {
  const lowest = sql`least(ledger, last_balance)`;
  return reportUsers(
    context,
    config,
    [sql`${lowest} < 0`, lowest, 'users below zero'],
    ({ ledger, last_balance }, user) => ({
      severity: 'high',
      title: `Balance of user ${user} is negative: ${Math.min(ledger, last_balance ?? 0)}`,
      description: 'The user spent more than they had.',
    }),
  );
}

export const ledger = defineBot({
  name: 'ledger',
  displayName: 'Ledger',
  description:
    'Compares cached credits, running balances, uses of apps and payments with the credit ledger.',
  schedule: '*/15 * * * *',
  needs: [
    'profiles',
    'credits',
    'app_usage',
    'app_catalog',
    'transactions',
    'organizations',
    'organization_members',
  ],
  config,
  checks: [
    {
      name: 'cached-credits',
      title: 'Do cached credits match the ledger?',
      run: checkCachedCredits,
    },
    { name: 'balance-chain', title: 'Does every running balance add up?', run: checkBalanceChain },
    { name: 'negative-balance', title: 'Is no balance below zero?', run: checkNegativeBalance },
    {
      name: 'usage-without-debit',
      title: 'Was every paid use debited?',
      remembers: true,
      run: checkUsage,
    },
    {
      name: 'one-grant-per-payment',
      title: "Did every provider's payment give credits once?",
      run: checkGrants,
    },
    { name: 'negative-pool', title: 'Is no pool of an organization below zero?', run: checkPools },
  ],
  knowledge,
});

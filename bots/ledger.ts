/** Compares the credit ledger with what is derived from it: cached credits and running balances. */
import { defineBot, sql, z } from '../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../src/bot.ts';

const config = z.strictObject({
  max_findings: z
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .describe('users that one check reports at most, the worst first'),
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

const isChainBroken = sql`coalesce(last_balance, 0) <> ledger`;

/** Whether the cached credits are wrong. If the chain is broken, it is not known which number is right: then they are not judged. */
export const isDrifted = sql`cached IS DISTINCT FROM ledger AND NOT (${isChainBroken})`;

const sampleSize = 20;

/** The first `limit` users with `condition`, in `order`; how many users there are; and how many of them have the condition. */
async function find(
  { db }: CheckContext,
  condition: ReturnType<typeof sql>,
  order: ReturnType<typeof sql>,
  limit: number,
): Promise<{ users: number; count: number; found: Balance[] }> {
  const { rows } = await sql<{ users: number; count: number; found: Balance[] }>`
    WITH balances AS MATERIALIZED (${balances}), found AS (
      SELECT *, row_number() OVER (ORDER BY ${order}, user_id) AS place, count(*) OVER () AS count
      FROM balances WHERE ${condition} ORDER BY place LIMIT ${limit}
    )
    SELECT (SELECT count(*)::int FROM balances) AS users, coalesce(max(count), 0)::int AS count,
      coalesce(json_agg(json_build_object('user_id', user_id, 'cached', cached, 'ledger', ledger,
        'last_balance', last_balance) ORDER BY place), '[]') AS found
    FROM found`.execute(db);
  return rows[0] ?? { users: 0, count: 0, found: [] };
}

async function checkCachedCredits(_config: Config, context: CheckContext): Promise<CheckResult> {
  const { count, found } = await find(context, isDrifted, sql`user_id`, sampleSize);
  const component = 'profiles.credits';
  const finding: ReportedFinding = {
    severity: 'high',
    category: 'ledger',
    title: `Cached credits differ from the ledger for ${count} ${count === 1 ? 'user' : 'users'}`,
    description: 'profiles.credits is a cache of the sum of credits.amount; the ledger is right.',
    component,
    metadata: {
      users: count,
      sample: found.map(({ user_id, cached, ledger }) => ({ user_id, cached, ledger })),
    },
  };
  return { examined: [component], findings: count > 0 ? [finding] : [] };
}

async function reportUsers(
  context: CheckContext,
  { max_findings: max }: Config,
  [condition, worst]: [ReturnType<typeof sql>, ReturnType<typeof sql>],
  finding: (balance: Balance) => Pick<ReportedFinding, 'severity' | 'title' | 'description'>,
): Promise<CheckResult> {
  const { users, count, found } = await find(context, condition, worst, max);
  return {
    examined: { count: users, except: [] },
    findings: found.map((balance) =>
      Object.assign(finding(balance), {
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
    [isChainBroken, worst],
    ({ user_id, ledger, last_balance }) => ({
      severity: 'critical',
      title: `Balance chain of user ${user_id} ends at ${last_balance}, the sum is ${ledger}`,
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
    [sql`${lowest} < 0`, lowest],
    ({ user_id, ledger, last_balance }) => ({
      severity: 'high',
      title: `Balance of user ${user_id} is negative: ${Math.min(ledger, last_balance ?? 0)}`,
      description: 'The user spent more than they had.',
    }),
  );
}

export const ledger = defineBot({
  name: 'ledger',
  displayName: 'Ledger',
  description: 'Compares cached credits and running balances with the credit ledger.',
  schedule: '*/15 * * * *',
  needs: ['profiles', 'credits'],
  config,
  checks: [
    {
      name: 'cached-credits',
      title: 'Are cached credits what the ledger says?',
      run: checkCachedCredits,
    },
    { name: 'balance-chain', title: 'Does every running balance add up?', run: checkBalanceChain },
    { name: 'negative-balance', title: 'Is no balance below zero?', run: checkNegativeBalance },
  ],
  knowledge: [
    {
      name: 'ledger.cached-credits',
      category: 'ledger',
      // Anchored: titles also contain requested paths, which may contain any words.
      pattern: '^cached credits differ from the ledger',
      solution: 'steps:\n  - remedy: ledger.refresh-cached-credits\n',
      autonomy: 'auto',
    },
    {
      name: 'ledger.broken-balance-chain',
      category: 'ledger',
      pattern: '^balance chain of user',
      solution:
        'Do not edit the ledger. Read the rows of this user by seq and find the first one whose ' +
        'balance_after is not the one before it plus its amount; compare that time with payments, ' +
        'restores and deployments. Correct it with a new row that says why, never by changing one.',
      autonomy: 'suggest',
    },
  ],
});

/** Whether a provider's payment gave credits once, by the ids that bookings name; and whether a pool was overdrawn. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { maskedEmail } from '../parts/people.ts';
import { daysBefore } from '../parts/time.ts';

/** One run reads this many bookings at most; where there are more, its result is marked as truncated. */
const maxRead = 50_000;

interface Config {
  grant_days: number;
  max_findings: number;
}

interface Doubled {
  provider_id: string;
  bookings: number;
  users: number;
  credits: number;
  ids: string[];
}

interface Counts {
  read: number;
  payments: number;
  count: number;
  found: Doubled[];
}

/**
 * Looks at bookings whose metadata names the payment by the provider's id, and counts the one that the trigger made for the row
 * of this payment, too. Bookings below zero that name it correct it. (Two bookings that name one row of transactions are found by
 * `guardian`.)
 */
const doubledGrants = ({ grant_days, max_findings: max }: Config, now: Date) => {
  const from = daysBefore(now, grant_days);
  const open = sql`ARRAY(
    SELECT DISTINCT component_key FROM bot_findings
    WHERE resolved_at IS NULL AND category = 'ledger' AND check_name = 'one-grant-per-payment' LIMIT 1000)`;
  return sql<Counts>`
    WITH named AS MATERIALIZED (
      SELECT c.id, c.user_id, c.amount, c.metadata ->> 'provider_transaction_id' AS provider_id
      FROM credits c
      WHERE c.type = 'purchase' AND c.amount > 0 AND c.metadata ->> 'provider_transaction_id' <> ''
        AND (c.created_at >= ${from} OR (c.metadata ->> 'provider_transaction_id' = ANY (${open})
             AND c.user_id = ANY (ARRAY(SELECT (metadata ->> 'user_id')::uuid FROM bot_findings
               WHERE resolved_at IS NULL AND check_name = 'one-grant-per-payment' AND metadata ->> 'user_id' IS NOT NULL LIMIT 1000))))
      ORDER BY c.created_at DESC LIMIT ${maxRead + 1}
    ), grants AS (
      SELECT id, user_id, amount, provider_id FROM named
      UNION SELECT c.id, c.user_id, c.amount, n.provider_id
      FROM named n JOIN transactions t ON t.provider_transaction_id = n.provider_id
      JOIN credits c ON c.user_id = t.user_id AND c.idempotency_key = 'payment:' || t.id
    ), payments AS (
      SELECT provider_id, count(*)::int AS bookings, count(DISTINCT user_id)::int AS users, sum(amount) AS amount,
        max(amount) AS largest, min(user_id::text) AS user_id, (array_agg(id ORDER BY id))[1:20] AS ids
      FROM grants GROUP BY provider_id
    ), doubled AS (
      SELECT p.*, p.amount + coalesce(taken.amount, 0) AS credits FROM payments p
      LEFT JOIN LATERAL (
        SELECT sum(c.amount) AS amount FROM credits c
        WHERE p.bookings > 1 AND c.amount < 0 AND c.metadata ->> 'provider_transaction_id' = p.provider_id
          AND c.user_id IN (SELECT user_id FROM grants g WHERE g.provider_id = p.provider_id)
      ) taken ON true
      WHERE p.bookings > 1
    ), found AS (
      SELECT provider_id, bookings, users, credits, ids, user_id, count(*) OVER () AS count,
        row_number() OVER (ORDER BY credits DESC, provider_id) AS place
      FROM doubled WHERE credits > largest ORDER BY place LIMIT ${max}
    )
    SELECT (SELECT count(*)::int FROM named) AS read, (SELECT count(*)::int FROM payments) AS payments,
      coalesce(max(count), 0)::int AS count, coalesce(json_agg(to_json(found) ORDER BY place), '[]') AS found
    FROM found`;
};

export async function checkGrants(config: Config, { db, now }: CheckContext): Promise<CheckResult> {
  const { rows } = await doubledGrants(config, now).execute(db);
  const { read = 0, payments = 0, count = 0, found = [] } = rows[0] ?? {};
  return {
    examined: { count: payments, except: [] },
    figures: [
      { name: 'payments that bookings name', value: payments },
      { name: 'payments granted more than once', value: count },
    ],
    findings: found.map(({ provider_id, bookings, users, credits, ids, ...row }) => ({
      severity: 'high',
      category: 'ledger',
      title: `One payment gave credits ${bookings} times, ${credits} credits in all: ${provider_id}`,
      description:
        users > 1
          ? 'Bookings of several users name the same payment of the provider.'
          : 'More than one booking names this payment of the provider.',
      component: 'credits',
      key: provider_id.slice(0, 1_000),
      metadata: {
        provider_transaction_id: provider_id.slice(0, 255),
        bookings,
        users,
        credits,
        ids,
        ...row,
      },
    })),
    truncated: count > config.max_findings || read > maxRead,
  };
}

interface Overdrawn {
  id: string;
  credits_pool: number;
  plan: string | null;
  /** of the owner, masked */
  email: string | null;
}

/**
 * An organization without credits_pool has no pool. Findings show its id and whose it is, and not its name, because a name is often that of
 * a person.
 */
export async function checkPools(
  { max_findings: max }: { max_findings: number },
  { db }: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<{ pools: number; count: number; found: Overdrawn[] }>`
    WITH found AS (
      SELECT id, owner_id, credits_pool, plan, count(*) OVER () AS count, row_number() OVER (ORDER BY credits_pool, id) AS place
      FROM organizations WHERE credits_pool < 0 ORDER BY place LIMIT ${max}
    )
    SELECT (SELECT count(*)::int FROM organizations WHERE credits_pool IS NOT NULL) AS pools,
      coalesce(max(count), 0)::int AS count,
      coalesce(json_agg(json_build_object('id', id, 'credits_pool', credits_pool, 'plan', plan, 'email', ${maskedEmail(sql`owner_id`)}) ORDER BY place), '[]') AS found
    FROM found`.execute(db);
  const { pools = 0, count = 0, found = [] } = rows[0] ?? {};
  return {
    examined: { count: pools, except: [] },
    figures: [
      { name: 'pools of organizations', value: pools },
      { name: 'pools below zero', value: count },
    ],
    findings: found.map(({ id, credits_pool, plan, email }) => ({
      severity: 'high',
      category: 'ledger',
      title: `The pool of organization ${email === null ? id : `${id.slice(0, 8)} of ${email}`} is below zero: ${credits_pool}`,
      description:
        'Its members spent more than it had: several debits at the same time each read the old value.',
      component: 'organizations',
      key: id,
      metadata: { organization_id: id, credits_pool, plan },
    })),
    truncated: count > max,
  };
}

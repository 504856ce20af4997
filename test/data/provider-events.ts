/** What providers tell of payments, for tests. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';
import type { PaymentEvent } from '../../src/data/credits/payments.ts';

export const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

/** Events of one new payment of a user, worth 100 credits. */
export function payment(user_id: string) {
  const about = {
    user_id,
    provider: 'stripe' as const,
    provider_transaction_id: `pi_${randomUUID()}`,
    type: 'purchase' as const,
    amount_cents: 900,
    credits_granted: 100,
  };
  return (status: PaymentEvent['status'], second: number, rest = {}): PaymentEvent => ({
    ...about,
    status,
    event_id: `evt_${status}_${second}`,
    event_at: at(second),
    ...rest,
  });
}

/** Every order of these. */
export const orders = <T>(all: T[]): T[][] =>
  all.length < 2
    ? [all]
    : all.flatMap((one, i) => orders(all.toSpliced(i, 1)).map((rest) => [one, ...rest]));

/** By rank. */
export const kinds = ['pending', 'failed', 'completed', 'refunded'] as const;

/** What there is to see of the one payment of a user, whatever led there. */
export async function shown(of: Db, user: string) {
  const { rows } = await sql<{ row: object | null; ledger: string[]; balance: number }>`
    SELECT to_jsonb(t) - '{id,created_at,updated_at}'::text[] AS row,
      ARRAY(SELECT type || ' ' || amount FROM credits c WHERE c.user_id = p.id ORDER BY seq) AS ledger,
      get_user_credits(p.id) AS balance
    FROM profiles p LEFT JOIN transactions t ON t.user_id = p.id WHERE p.id = ${user}`.execute(of);
  return rows[0]!;
}

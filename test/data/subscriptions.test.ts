import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { recordSubscription } from '../../src/data/credits/subscriptions.ts';
import { testDatabase } from '../support/database.ts';
import { addUser } from './people.ts';
import { at, orders } from './provider-events.ts';

let db: Db;
beforeAll(async () => {
  ({ db } = await testDatabase());
});

test('the newest event of a subscription wins in every order', async () => {
  const events = [
    { event_id: 'a', second: 1, status: 'active' },
    { event_id: 'b', second: 2, status: 'past_due' },
    { event_id: 'c', second: 3, status: 'expired' },
    { event_id: 'd', second: 3, status: 'canceled' },
  ] as const;
  for (const order of orders([...events])) {
    const user_id = await addUser(db);
    const about = {
      user_id,
      provider: 'paypal',
      provider_subscription_id: `sub_${user_id}`,
      tier: 'premium',
    } as const;
    const record = ({ event_id, status, second }: (typeof events)[number]) =>
      recordSubscription(db, { ...about, event_id, status, event_at: at(second) });
    await Promise.all(order.map(record));
    const { subscription, changed } = await record(events[0]);
    expect([changed, subscription.status, subscription.last_event_id]).toEqual([
      false,
      'expired',
      'c',
    ]);
  }
});

test('a subscription belongs to one user, and its time does not go back', async () => {
  const [user_id, other] = [await addUser(db), await addUser(db)];
  const event = {
    user_id,
    provider: 'stripe',
    provider_subscription_id: 'sub_1',
    tier: 'light',
    status: 'active',
    event_id: 'e',
    event_at: at(9),
  } as const;
  await recordSubscription(db, event);
  for (const second of [1, 20])
    await expect(
      recordSubscription(db, { ...event, user_id: other, event_at: at(second) }),
    ).rejects.toMatchObject({ name: 'SubscriptionConflictError' });
  await expect(sql`UPDATE subscriptions SET last_event_at = ${at(1)}`.execute(db)).rejects.toThrow(
    'does not go back',
  );
  const late = { current_period_start: at(5), current_period_end: at(4) };
  await expect(recordSubscription(db, { ...event, ...late })).rejects.toMatchObject({
    field: 'current_period_end',
  });
});

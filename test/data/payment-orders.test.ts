import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { recordPayment, type PaymentEvent } from '../../src/data/credits/payments.ts';
import { testDatabase } from '../support/database.ts';
import { addUser } from './people.ts';
import { kinds, orders, payment, shown } from './provider-events.ts';

let db: Db;
beforeAll(async () => {
  ({ db } = await testDatabase());
});

/** The state that a set of events stands for, in whatever order they came. */
function expected(events: PaymentEvent[]) {
  const top = kinds.findLast((kind) => events.some(({ status }) => status === kind))!;
  const last = events
    .filter(({ status }) => status === top)
    .toSorted((a, b) => +a.event_at - +b.event_at || (a.event_id < b.event_id ? -1 : 1))
    .at(-1)!;
  const paid = events.some(({ status }) => status === 'completed');
  return {
    row: {
      status: top,
      credits_granted: top !== 'refunded' || paid ? 100 : 0,
      last_event_id: last.event_id,
      last_event_at: last.event_at.toISOString().replace('.000Z', '+00:00'),
    },
    balance: top === 'completed' ? 100 : 0,
  };
}

/**
 * Delivers `events` in every order, in one transaction that goes back to try the next. What a delivery
 * does depends on the database alone, so from a state that was seen with the same events to come it is
 * not tried again. Resolves with how many states there were.
 */
async function deliverInEveryOrder(trx: Db, user: string, events: PaymentEvent[]) {
  const seen = new Set<string>();
  async function deliver(came: PaymentEvent[], rest: PaymentEvent[]): Promise<void> {
    const now = await shown(trx, user);
    const state = JSON.stringify([now, rest.map(({ event_id }) => event_id).toSorted()]);
    if (seen.has(state)) return;
    seen.add(state);
    if (came.length > 0) {
      const order = came.map(({ event_id }) => event_id).join(', ');
      expect(now, order).toMatchObject(expected(came));
      expect(['', 'purchase 100', 'purchase 100,refund -100'], order).toContain(now.ledger.join());
    }
    for (const [i, event] of rest.entries()) {
      await sql`SAVEPOINT before`.execute(trx);
      const { changed } = await recordPayment(trx, event);
      const known = kinds.indexOf((now.row as PaymentEvent | null)?.status as never);
      expect(changed).toBe(kinds.indexOf(event.status) > known);
      await deliver([...came, event], rest.toSpliced(i, 1));
      await sql`ROLLBACK TO SAVEPOINT before`.execute(trx);
      await sql`RELEASE SAVEPOINT before`.execute(trx);
    }
  }
  await deliver([], events);
  return seen.size;
}

describe('every order of pending, failed, completed and refunded, each of them twice, has one effect', () => {
  const twice = (second: (rank: number, copy: number) => number, id: (copy: number) => string) =>
    kinds.flatMap((kind, rank) =>
      [0, 1].map((copy) => ({ kind, second: second(rank, copy), id: `${kind} ${id(copy)}` })),
    );
  const both = (copy: number) => 'ab'[copy]!;
  test.each([
    [
      'the same events again',
      twice(
        (rank) => rank,
        () => 'a',
      ),
    ],
    [
      'two events of each, with times the other way round',
      twice((rank, copy) => 9 - 2 * rank - copy, both),
    ],
    ['two events of each, all at the same time', twice(() => 5, both)],
  ])('%s', { timeout: 120_000 }, async (_, events) => {
    const user = await addUser(db);
    const event = payment(user);
    const all = events.map(({ kind, second, id }) => event(kind, second, { event_id: id }));
    const states = await db.transaction().execute((trx) => deliverInEveryOrder(trx, user, all));
    expect(states).toBeGreaterThanOrEqual(3 ** 4);
  });
});

test('what an event says of the credits counts until they were granted; a refund says nothing of them', async () => {
  const worth = { pending: 50, failed: 0, completed: 100, refunded: 0 };
  for (const order of orders([...kinds])) {
    const user = await addUser(db);
    const event = payment(user);
    for (const kind of order) {
      const said = { credits_granted: worth[kind], metadata: { about: 'it' } };
      await recordPayment(db, event(kind, kinds.indexOf(kind), said));
    }
    expect(await shown(db, user), order.join()).toMatchObject({
      row: { status: 'refunded', credits_granted: 100, metadata: { about: 'it' } },
      balance: 0,
    });
  }
});

test('all events at once, many times, have that effect too', async () => {
  const users = await Promise.all(Array.from({ length: 12 }, () => addUser(db)));
  const refund = (index: number) => index % 2 === 0;
  const deliveries = users.flatMap((user, index) => {
    const event = payment(user);
    const all = orders(kinds.slice(0, refund(index) ? 4 : 3));
    const come = all[(index * 5) % all.length]!;
    return [...come, ...come].map((kind) => event(kind, kinds.indexOf(kind)));
  });
  const done = await Promise.all(deliveries.map((event) => recordPayment(db, event)));
  expect(done).toHaveLength(6 * 8 + 6 * 6);
  for (const [index, user] of users.entries())
    expect(await shown(db, user)).toMatchObject(
      refund(index)
        ? { row: { status: 'refunded', credits_granted: 100 }, balance: 0 }
        : { row: { status: 'completed' }, ledger: ['purchase 100'], balance: 100 },
    );
});

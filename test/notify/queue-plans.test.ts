/** Messages of a storm are made by plans that stay fast, whatever the planner believes of the table. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { queueMessages, type NewMessage } from '../../src/transitions/notifications/queue.ts';
import { testDatabase } from '../support/database.ts';
import { openTickets } from './tickets.ts';

const { db } = await testDatabase();
const count = 2_000;
const channels = ['a', 'b', 'c'];
let tickets: { id: string }[];

/** As on most days: all was sent long ago, and the statistics say that nothing is ever pending. */
beforeAll(async () => {
  tickets = await openTickets(db, count);
  await sql`INSERT INTO bot_notifications (ticket_id, channel, status, sent_at)
            SELECT id, 'a', 'sent', now() FROM bot_tickets, generate_series(1, 3)`.execute(db);
  await sql`ANALYZE bot_notifications`.execute(db);
});

const messages = (): NewMessage[] =>
  tickets.flatMap(({ id }, at) =>
    channels.map((channel) => ({
      id: randomUUID(),
      ticket_id: id,
      channel,
      kind: 'ticket' as const,
      events: [String(at)],
      route: 'route 1',
      opens: true,
      gathers: false,
      send_after: new Date(),
    })),
  );
const states = async () => {
  const { rows } = await sql`
    SELECT status, count(*)::int FROM bot_notifications WHERE kind = 'ticket' GROUP BY 1 ORDER BY 1`.execute(
    db,
  );
  return rows;
};

test.each([
  ['the first', { pending: 6_000, sent: 6_000 }],
  ['those that take the place of as many', { pending: 6_000, sent: 6_000, superseded: 6_000 }],
])('2,000 tickets in three channels: %s', async (_, after) => {
  await db.transaction().execute(async (trx) => {
    // Each with each takes ten times as long; a job's statement has 5 s.
    await sql`SET LOCAL statement_timeout = '2s'`.execute(trx);
    await queueMessages(trx, messages());
  });
  expect(await states()).toEqual(
    Object.entries(after).map(([status, n]) => ({ status, count: n })),
  );
});

/** What had arrived before the database was restored is read, and nobody is told of it once more. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { noteRestored } from '../../src/data/settings/restored-at.ts';
import { routeEvents } from '../../src/notify/routing/route-events.ts';
import { setNotifications } from '../notify/tickets.ts';
import { sourceScene } from './scene.ts';

test('an alarm that waited when the backup was made opens a ticket without a message; one that arrives afterwards has one', async () => {
  const { db, alarm, slot } = await sourceScene();
  await setNotifications(db, { channels: { log: { kind: 'log' } }, routes: [{ to: ['log'] }] });
  expect(await alarm('before')).toBe(202);
  await noteRestored(db, 'a backup', 'ann');
  expect(await alarm('after')).toBe(202);
  await slot();
  await routeEvents({
    commit: (write) => db.transaction().execute(write),
    signal: new AbortController().signal,
    request: async () => {},
  });
  const { rows } = await sql`
    SELECT t.title, e.unsent_reason, (SELECT count(*)::int FROM bot_notifications n WHERE n.ticket_id = t.id) AS messages
    FROM bot_tickets t JOIN bot_ticket_events e ON e.ticket_id = t.id AND e.event = 'opened' ORDER BY t.title`.execute(
    db,
  );
  expect(rows).toEqual([
    { title: 'after is broken', unsent_reason: null, messages: 1 },
    { title: 'before is broken', unsent_reason: 'restored', messages: 0 },
  ]);
});

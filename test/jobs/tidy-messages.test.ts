/** Which messages the job tidy removes, and which it leaves for those who ask. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { removeOldMessages } from '../../src/data/notify/old-messages.ts';
import { tidy } from '../../jobs/tidy.ts';
import { openTickets } from '../notify/tickets.ts';
import { backends, type Backend } from '../support/backends.ts';
import { startFlow } from '../support/engine.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { aRun, carried, noBots } from './job-flow.ts';

const [postgres] = backends as [Backend];

test('messages of a month ago go, but those that wait or that are about a ticket which is not closed stay', async () => {
  const { db, jobEngine } = await startFlow(postgres, noBots, {
    jobs: [tidy],
    roles: ['scheduler'],
  });
  await registerJobs(db, [tidy]);
  const [open, resolved, closed] = await openTickets(db, 3);
  await sql`
    UPDATE bot_tickets SET status = CASE WHEN id = ${closed!.id} THEN 'closed' ELSE 'resolved' END, resolved_at = now(),
      resolution_notes = 'done' WHERE id <> ${open!.id}`.execute(db);
  const add = async (note: string, ticket: string | null, status: string, days: number) => {
    const { rows } = await sql<{ id: string }>`
      INSERT INTO bot_notifications (ticket_id, channel, kind, status, sent_at, note, created_at)
      VALUES (${ticket}, 'ops', CASE WHEN ${ticket}::uuid IS NULL THEN 'group' ELSE 'ticket' END, ${status},
              CASE WHEN ${status} = 'sent' THEN engine.now() END, ${note}, engine.now() - make_interval(days => ${days}::int))
      RETURNING id`.execute(db);
    return rows[0]!.id;
  };
  const standsFor = (group: string, member: string) =>
    sql`UPDATE bot_notifications SET superseded_by = ${group} WHERE id = ${member}`.execute(db);

  for (const status of ['sent', 'failed', 'superseded']) {
    await add(`closed, ${status}`, closed!.id, status, 31);
    await add(`resolved, ${status}`, resolved!.id, status, 400);
    await add(`open, ${status}`, open!.id, status, 400);
  }
  await add('closed, young', closed!.id, 'sent', 29);
  await add('closed, waits', closed!.id, 'pending', 31);
  await add('group of none', null, 'sent', 31);
  await standsFor(
    await add('group of one that goes', null, 'sent', 31),
    await add('member that goes', closed!.id, 'superseded', 31),
  );
  await standsFor(
    await add('group of one that stays', null, 'sent', 31),
    await add('member that stays', open!.id, 'superseded', 31),
  );

  expect(await carried(jobEngine, await aRun(db, tidy))).toMatchObject({
    status: 'success',
    figures: { messages: 6 },
  });
  const left = await db.selectFrom('bot_notifications').select('note').orderBy('note').execute();
  expect(left.map(({ note }) => note)).toEqual([
    'closed, waits',
    'closed, young',
    'group of one that stays',
    'member that stays',
    'open, failed',
    'open, sent',
    'open, superseded',
    'resolved, failed',
    'resolved, sent',
    'resolved, superseded',
  ]);

  await sql`
    INSERT INTO bot_notifications (ticket_id, channel, status, created_at)
    SELECT CASE WHEN n > 5000 THEN ${closed!.id}::uuid ELSE ${open!.id}::uuid END, 'ops', 'sent', engine.now() - interval '40 days'
    FROM generate_series(1, 5010) n`.execute(db);
  const first = await removeOldMessages(db, { days: 30, from: '0' });
  expect(first, 'those that stay do not keep it from those behind them').toMatchObject({
    removed: 0,
    next: expect.any(String),
  });
  expect(await removeOldMessages(db, { days: 30, from: first.next! })).toMatchObject({
    removed: 10,
    next: null,
  });
});

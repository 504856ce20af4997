/** What became of tickets in a period, and in those before it. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { asHtml } from '../../src/report/html.ts';
import { asMarkdown } from '../../src/report/markdown.ts';
import { asText } from '../../src/report/text.ts';
import { insertTicket } from '../cli/rows.ts';
import { stillClock } from '../support/clocks.ts';
import { testDatabase } from '../support/database.ts';
import { plantBot, reportOf } from './planted.ts';

test('a ticket that was reopened counts as that in every form, in its period and in those before', async () => {
  const { db } = await testDatabase();
  const at = await stillClock(db, '2026-11-10T12:00:00Z');
  const bot = await plantBot(db, { cron: '0 0 1 1 *' });
  for (const title of ['one', 'two', 'three'])
    await insertTicket(db, bot, title, {
      created_at: new Date('2026-11-09T13:00:00Z'),
      ...(title === 'three'
        ? {
            status: 'resolved',
            resolved_at: new Date('2026-11-10T09:00:00Z'),
            resolution_notes: 'x',
          }
        : {}),
    });
  // All were resolved; two were reopened in the period, one of them also in the one before.
  await sql`
    INSERT INTO bot_ticket_events (ticket_id, event, actor, created_at)
    SELECT t.id, e.event, 'ann', e.at::timestamptz FROM bot_tickets t JOIN (VALUES
      ('one', 'reopened', '2026-11-09T11:00:00Z'),
      ('one', 'resolved', '2026-11-09T14:00:00Z'), ('two', 'resolved', '2026-11-09T15:00:00Z'), ('three', 'resolved', '2026-11-10T09:00:00Z'),
      ('one', 'reopened', '2026-11-09T16:00:00Z'), ('two', 'reopened', '2026-11-10T11:59:59Z'),
      ('two', 'reopened', '2026-11-10T12:00:00Z')) e (title, event, at) ON e.title = t.title`.execute(
    db,
  );
  await at('2026-11-10T12:00:00Z');
  const report = await reportOf(db, '2026-11-09T12:00:00Z', '2026-11-10T12:00:00Z');
  expect(report.tickets).toMatchObject({ opened: 3, resolved: 1, reopened: 2 });
  expect(report.periods.at(-1)).toMatchObject({ resolved: 1, reopened: 2 });
  expect(report.before?.last).toMatchObject({ resolved: 0, reopened: 1 });
  for (const form of [asText, asMarkdown, asHtml]) {
    expect(form(report)).toContain('3 opened, 1 resolved, 2 reopened,');
    expect(form(report)).toContain('Tickets reopened');
  }
});

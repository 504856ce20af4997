/** The three commands that tell a ticket's events: they agree in words, order and zone. */
import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsmanIn } from './command.ts';
import { insertBot, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
let ticket: string;

beforeAll(async () => {
  const bot = await insertBot(db, 'watch');
  ticket = await insertTicket(db, bot, 'disk is full', { fingerprint: 'fp' });
  await sql`
    INSERT INTO bot_ticket_events (ticket_id, event, actor, detail)
    SELECT t.id, e.event, 'ann', e.detail FROM bot_tickets t, (VALUES
      (1, 'unrated', '{}'::jsonb),
      (2, 'unmerged', '{"from": "T-7"}'),
      (3, 'snoozed', '{"until": "2026-11-30T11:27:27.036Z"}')) e (place, event, detail)
    ORDER BY place`.execute(db);
});

const tell = async (...args: string[]) => (await roundsmanIn('Europe/Berlin', url, ...args)).out;

describe.each([
  ['tickets history', () => tell('tickets', 'history', ticket, '-o', 'table')],
  ['tickets show', () => tell('tickets', 'show', ticket)],
  ['notify explain', () => tell('notify', 'explain', ticket)],
])('%s', (_, told) => {
  test('has the same words for an event, the newest first', async () => {
    const out = await told();
    const places = ['snoozed', 'no longer in T-7', 'rated as runs find it'].map((words) =>
      out.lastIndexOf(words),
    );
    expect(Math.min(...places)).toBeGreaterThan(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(out).not.toMatch(/unrated|unmerged/);
  });
});

test('a time in a detail is in the zone of the reader', async () => {
  for (const command of ['history', 'show']) {
    const out = await tell('tickets', command, ticket);
    expect(out).not.toContain('T11:27:27.036Z');
    expect(out).toMatch(/2026-11-30[ T]12:27:27/);
  }
});

test('notify explain has the same fields for an event as before, as data', async () => {
  const [event] = JSON.parse(await tell('notify', 'explain', ticket, '--json')).bot_ticket_events;
  expect(Object.keys(event)).toEqual([
    'id',
    'event',
    'actor',
    'created_at',
    'routed_at',
    'unsent_reason',
  ]);
});

import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { setLeastTicketSeverity } from '../../src/services/tickets/least-severity.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertBot, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const escalation = async () =>
  (
    await db
      .selectFrom('engine.settings')
      .select(['value', 'changed_by'])
      .where('key', '=', 'escalation')
      .execute()
  )[0];

test('from which severity on a finding gets a ticket is shown and set, and what else is set stays', async () => {
  const before = await escalation();
  expect(before!.value).toMatchObject({ tickets_from: 'medium', assignees: { medium: 'admin' } });
  expect((await roundsman(url, 'tickets', 'from')).out).toMatch(
    /at least medium and no known entry/,
  );
  const set = await roundsman(url, 'tickets', 'from', 'low', '--as', 'ann', '--json');
  expect(set.json()).toEqual({ tickets_from: 'low' });
  expect(await escalation()).toEqual({
    value: { ...(before!.value as object), tickets_from: 'low' },
    changed_by: 'ann',
  });
  expect(await roundsman(url, 'tickets', 'from', 'critical')).toMatchObject({ code: 2 });
});

test.each([sql`'"soon"'`, sql`'[1]'`, null])(
  'it is set also where the setting is no object, or is gone',
  async (value) => {
    if (value)
      await sql`UPDATE engine.settings SET value = ${value} WHERE key = 'escalation'`.execute(db);
    else await sql`DELETE FROM engine.settings WHERE key = 'escalation'`.execute(db);
    const actor = { name: 'ann', role: 'admin' } as const;
    expect(await setLeastTicketSeverity({ db, actor }, { severity: 'info' })).toBe('medium');
    expect((await escalation())!.value).toEqual({ tickets_from: 'info' });
  },
);

test('an operator may not set it', async () => {
  const actor = { name: 'ann', role: 'operator' } as const;
  await expect(setLeastTicketSeverity({ db, actor }, { severity: 'low' })).rejects.toMatchObject({
    what: 'ann may not change which findings get a ticket',
  });
});

test('its migration keeps what was set, and takes the storm from tickets of single findings that are open', async () => {
  const bot = await insertBot(db, 'watch');
  const storm = { storm: { broken: 7, of: 10 } };
  const metadata = JSON.stringify({ check: 'is-well', ...storm });
  const [open, over, odd] = [
    await insertTicket(db, bot, 'open', { metadata }),
    await insertTicket(db, bot, 'over', {
      metadata,
      status: 'resolved',
      resolved_at: sql`engine.now()`,
      resolution_notes: 'done',
    }),
    await insertTicket(db, bot, 'odd', { metadata: '["storm"]' }),
  ];
  const file = new URL('../../migrations/v8_70_tickets_from.sql', import.meta.url);
  const migration = await readFile(file, 'utf8');
  const rows = sql.raw(migration.slice(migration.indexOf('UPDATE engine.settings')));
  const set = (value: string) =>
    sql`UPDATE engine.settings SET value = ${value}::jsonb WHERE key = 'escalation'`.execute(db);
  await set('{"tickets_from": "high"}');
  await rows.execute(db);
  expect((await escalation())!.value).toEqual({ tickets_from: 'high' });
  await set('[]');
  await rows.execute(db);
  expect((await escalation())!.value).toEqual([]);
  const left = await db.selectFrom('bot_tickets').select(['number', 'metadata']).execute();
  const of = (name: string) => left.find(({ number }) => `T-${number}` === name)!.metadata;
  expect(of(open)).toEqual({ check: 'is-well' });
  expect(of(over)).toEqual({ check: 'is-well', ...storm });
  expect(of(odd)).toEqual(['storm']);
});

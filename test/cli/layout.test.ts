/** What a person reads in a terminal of 80 or 60 columns. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, inTerminalOf } from '../support/terminal.ts';
import { roundsman } from './command.ts';
import { insertBot, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const bot = await insertBot(db, 'ledger', { api_endpoint: '/api/bots/ledger' });
const ticket = await insertTicket(db, bot, 'Part a is broken');

const linesOf = async (columns: number, ...args: string[]) => {
  const { code, shown } = await inTerminalOf(columns, url, args);
  expect(code, shown).toBe(0);
  const lines = shown.split(/\r?\n/).map((line) => line.trimEnd());
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
  return lines;
};

test.skipIf(!hasTerminal).each([80, 60])(
  'a comment is read whole in %i columns, in the history and beside the ticket',
  async (columns) => {
    const words = Array.from({ length: 60 }, (_, index) => `word${index}`);
    await roundsman(url, 'tickets', 'comment', ticket, words.join(' '));
    for (const command of ['history', 'show']) {
      const shown = (await linesOf(columns, 'tickets', command, ticket)).join(' ');
      expect(shown.match(/word\d+/g)).toEqual(expect.arrayContaining(words));
    }
  },
);

test.skipIf(!hasTerminal).each([80, 60])(
  'what is told of a storm and a run in %i columns has words and a header',
  async (columns) => {
    await sql`INSERT INTO bot_ticket_events (ticket_id, event, actor, detail)
      SELECT id, 'resolved', 'engine', ${JSON.stringify({ execution_id: 'dca304fa-0000-4000-8000-000000000000', storm: { of: 8, most: 7, broken: 1 } })}::jsonb
      FROM bot_tickets WHERE number = ${Number(ticket.slice(2))}`.execute(db);
    const lines = await linesOf(columns, 'tickets', 'history', ticket);
    expect(lines.find((line) => line.startsWith('When'))).toMatch(/Detail$/);
    const detail = lines.join(' ').replaceAll(/\s+/g, ' ');
    for (const part of ['run: dca304fa', 'storm: 1 of 8']) expect(detail).toContain(part);
    expect(detail).not.toContain('{"');
  },
);

test.skipIf(!hasTerminal).each([80, 60])(
  'settings, checks and descriptions go on behind their indentation in %i columns',
  async (columns) => {
    for (const args of [
      ['bots', 'catalogue', 'sentinel-api'],
      ['bots', 'show', 'ledger'],
    ]) {
      const lines = await linesOf(columns, ...args);
      const from = lines.findIndex((line) => line === 'Settings');
      const until = lines.indexOf('', from);
      const settings = lines.slice(from + 1, until < 0 ? undefined : until);
      expect(settings.length).toBeGreaterThan(2);
      for (const line of settings.filter(Boolean)) expect(line).toMatch(/^ {2}/);
    }
  },
);

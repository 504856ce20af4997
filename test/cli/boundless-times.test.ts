/** PostgreSQL's times reach further than a Date, up to infinity: every command reads such rows, and so does roundsman/data. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { listActions } from '../../src/data/bots/bot-actions.ts';
import { listExecutions } from '../../src/data/bots/bot-executions.ts';
import { listFindings } from '../../src/data/bots/bot-findings.ts';
import { listTickets } from '../../src/data/bots/ticket-list.ts';
import type { Db } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertBot } from './rows.ts';

const last = '9999-12-31T23:59:59.999Z';
const first = '0001-01-01T00:00:00.000Z';

/** As the platform's own code may write it, and what is read of it. */
const times: [string, string][] = [
  ['infinity', last],
  ['-infinity', first],
  ['294276-12-31 23:59:59Z', last],
  ['4713-01-01 00:00:00Z BC', first],
];

/** Rows of each kind, as the platform's own code may write them, with this time in every column that takes one. */
async function planted(db: Db, written: string) {
  const at = sql<Date>`${written}::timestamptz`;
  const bot = await insertBot(db, 'watch', {
    last_execution_at: at,
    created_at: at,
    updated_at: at,
  });
  const one = async (statement: ReturnType<typeof sql<{ id: string }>>) =>
    (await statement.execute(db)).rows[0]!.id;
  const run = await one(sql`
    INSERT INTO bot_executions (bot_id, status, started_at, completed_at, created_at)
    VALUES (${bot}, 'success', ${at}, ${at}, ${at}) RETURNING id`);
  // The start alone: how long it took is not given.
  await one(sql`
    INSERT INTO bot_executions (bot_id, status, started_at, execution_time_ms)
    VALUES (${bot}, 'failed', ${at}, 500) RETURNING id`);
  await one(sql`
    INSERT INTO bot_executions (bot_id, status, started_at)
    VALUES (${bot}, 'running', ${at}) RETURNING id`);
  const finding = await one(sql`
    INSERT INTO bot_findings (bot_id, execution_id, severity, category, title, detected_at)
    VALUES (${bot}, ${run}, 'high', 'own', 'It is broken', ${at}) RETURNING id`);
  await one(sql`
    INSERT INTO bot_findings (bot_id, severity, category, title, detected_at, resolved_at)
    VALUES (${bot}, 'high', 'own', 'It was broken', ${at}, ${at}) RETURNING id`);
  const action = await one(sql`
    INSERT INTO bot_actions (bot_id, finding_id, action_type, action_description, success, taken_at)
    VALUES (${bot}, ${finding}, 'own.mend', 'mended', true, ${at}) RETURNING id`);
  await one(sql`
    INSERT INTO bot_tickets (bot_id, finding_id, severity, title, description, created_at, updated_at)
    VALUES (${bot}, ${finding}, 'high', 'Open', 'd', ${at}, ${at}) RETURNING id`);
  await one(sql`
    INSERT INTO bot_tickets (bot_id, finding_id, severity, title, description, status, resolved_at, created_at)
    VALUES (${bot}, ${finding}, 'high', 'Done', 'd', 'resolved', ${at}, ${at}) RETURNING id`);
  await one(sql`
    INSERT INTO bot_knowledge (category, issue_pattern, solution, last_used_at, created_at, updated_at)
    VALUES ('own', 'is broken', 'Look there', ${at}, ${at}, ${at}) RETURNING id`);
  const { rows } = await sql<{ name: string }>`SELECT name FROM bot_knowledge`.execute(db);
  return { run, finding, action, entry: rows[0]!.name };
}

test.each(times)('rows with the time %s are read', async (written, read) => {
  const { db, url } = await testDatabase();
  const { run, finding, action, entry } = await planted(db, written);
  const commands = [
    ['status'],
    ['bots', 'list'],
    ['bots', 'next'],
    ['bots', 'show', 'watch'],
    ['runs', 'list'],
    ['runs', 'show', run],
    ['actions', 'list'],
    ['actions', 'show', action],
    ['findings', 'list'],
    ['findings', 'show', finding],
    ['findings', 'explain', finding],
    ['tickets', 'list'],
    ['tickets', 'show', 'T-1'],
    ['tickets', 'show', 'T-2'],
    ['tickets', 'history', 'T-1'],
    ['tickets', 'related', 'T-1'],
    ['knowledge', 'list'],
    ['knowledge', 'show', entry],
    ['knowledge', 'stats'],
  ];
  for (const command of commands)
    await Promise.all([
      readable(url, command),
      readable(url, [...command, '--json']).then((said) => said.json()),
    ]);
  await readable(url, ['tickets', 'ack', 'T-1', '--as', 'ann']);
  expect((await roundsman(url, 'runs', 'list')).out).toContain(
    read === last ? '9999 or later' : '0001 or earlier',
  );

  const [executions, actions, findings, tickets] = await Promise.all([
    listExecutions(db, { limit: 10 }),
    listActions(db, { limit: 10 }),
    listFindings(db, { which: 'all', limit: 10 }),
    listTickets(db, { limit: 10 }),
  ]);
  expect(executions.map(({ started_at }) => started_at)).toEqual(
    [read, read, read].map((at) => new Date(at)),
  );
  expect(actions.map(({ taken_at }) => taken_at)).toEqual([new Date(read)]);
  expect(findings.map(({ detected_at }) => detected_at)).toContainEqual(new Date(read));
  expect(tickets.map(({ created_at }) => created_at)).toContainEqual(new Date(read));
});

async function readable(url: string, command: string[]) {
  const said = await roundsman(url, ...command);
  const all = `${said.out}${said.err}`;
  expect(all, command.join(' ')).not.toMatch(/defect|error:|NaN|Infinity|Invalid|undefined/);
  expect([0, 6], command.join(' ')).toContain(said.code);
  return said;
}

test.each(['infinity', '-infinity'])(
  'the bots make their round over rows with the time %s',
  async (written) => {
    const { db, url } = await testDatabase();
    await planted(db, written);
    await readable(url, ['db', 'migrate']);
    const { out } = await readable(url, ['round', 'conductor', 'janitor', 'watch']);
    expect(out).not.toMatch(/failed|timeout/);
  },
);

/** `retention preview` says what the job would remove, and why other old rows stay. */
import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { testDatabase, emptyDatabase } from '../support/database.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import {
  addBot,
  addDecision,
  addEntry,
  addFinding,
  addHeal,
  addLogs,
  addMemory,
  addRun,
  addTicket,
  grouped,
  retained,
  rolledUp,
  setAge,
} from '../jobs/retention-scene.ts';
import { roundsman } from './command.ts';

interface Row {
  table: string;
  setting: string | null;
  keep_days: number | null;
  rows: number;
  oldest: string | null;
  bytes: number;
  stays: { why: string; rows: number }[];
  why_not: string | null;
  waits: string | null;
}

test('what would go, how old and large it is, and why the rest stays; the job then removes just that', async () => {
  const { db, url } = await testDatabase();
  await addLogs(db, 'api_logs', 100, 12_345);
  await addLogs(db, 'page_views', 100, 5);
  const bot = await addBot(db);
  for (let n = 0; n < 12; n += 1) await addRun(db, bot, 500 + n);
  const run = await addRun(db, bot, 600);
  const finding = await addFinding(db, { bot, run, found: 600, resolved: 590, print: 'p' });
  await addTicket(db, { bot, finding, print: 'p', closed: 590, by: 'ann' });
  await rolledUp(db);
  await grouped(db);
  await setAge(db, 'page_views_keep_days', 'keep');
  const preview = await roundsman(url, 'retention', 'preview', '--json');
  const rows = preview.json() as Row[];
  const of = (table: string) => rows.find((row) => row.table === table)!;
  expect(preview.code).toBe(0);
  expect(of('api_logs')).toMatchObject({
    setting: 'api_logs_keep_days',
    keep_days: 90,
    rows: 12_345,
    stays: [],
  });
  expect(new Date(of('api_logs').oldest!).getTime()).toBeLessThan(Date.now() - 99 * 86_400_000);
  expect(of('api_logs').bytes).toBeGreaterThan(12_345 * 50);
  expect(of('page_views')).toMatchObject({ keep_days: null, rows: 0 });
  expect(of('bot_executions').rows).toBe(2);
  expect(of('bot_executions').stays).toEqual(
    expect.arrayContaining([
      { why: 'is one of the newest ten of its bot', rows: 10 },
      { why: 'found a problem whose finding stays', rows: 1 },
    ]),
  );
  expect(of('bot_findings').stays).toEqual([{ why: 'has a ticket', rows: 1 }]);
  expect(of('bot_tickets').stays).toEqual([{ why: 'a person did something with it', rows: 1 }]);
  const { removed, tables } = await retained(db);
  expect(removed).toBe(rows.reduce((sum, row) => sum + row.rows, 0));
  for (const { table, rows: count } of rows)
    if (tables![table] !== undefined) expect([table, tables![table]]).toEqual([table, count]);
});

test('a run that goes with its finding, heal, decision and ticket is counted with them, as the job removes them', async () => {
  const { db, url } = await testDatabase();
  const bot = await addBot(db);
  for (let n = 0; n < 10; n += 1) await addRun(db, bot, 1);
  const entry = await addEntry(db);
  let cause: string | null = null;
  for (let n = 0; n < 4; n += 1) {
    const run = await addRun(db, bot, 600);
    const about: { bot: string; run: string; print: string } = { bot, run, print: `p${n}` };
    // Each stands behind the one before it.
    cause = await addFinding(db, { ...about, found: 600, resolved: 590, cause });
    await addTicket(db, { bot, finding: cause, print: `p${n}`, closed: 590 });
    await addHeal(db, {
      ...about,
      finding: cause,
      entry: null,
      days: 600,
      states: ['failed', 'held'],
    });
    await addDecision(db, { ...about, finding: cause, entry, days: 600 });
    await addMemory(db, about);
  }
  // A person had to do with this one: with its ticket all the rest of it stays.
  const kept = await addRun(db, bot, 700);
  const finding = await addFinding(db, { bot, run: kept, found: 700, resolved: 690, print: 'q' });
  await addTicket(db, { bot, finding, print: 'q', closed: 690, by: 'ann' });
  await rolledUp(db);
  const rows = (await roundsman(url, 'retention', 'preview', '--json')).json() as Row[];
  const { tables, removed } = await retained(db);
  const expected = Object.fromEntries(rows.map((row) => [row.table, row.rows]));
  expect(tables).toEqual({ ...expected, bot_notifications: undefined });
  expect(expected).toMatchObject({
    bot_tickets: 4,
    bot_decisions: 4,
    bot_actions: 8,
    bot_findings: 4,
    bot_executions: 4,
    bot_finding_states: 4,
  });
  expect(removed).toBe(28);
  expect(rows.find(({ table }) => table === 'bot_executions')!.stays).toEqual([
    { why: 'found a problem whose finding stays', rows: 1 },
  ]);
});

test('a table whose times are texts, and one whose setting cannot be read, are named; the others are counted, and go', async () => {
  const { db, url } = await testDatabase();
  await addLogs(db, 'page_views', 100, 5);
  await sql`ALTER TABLE api_logs ALTER created_at DROP DEFAULT, ALTER created_at TYPE text`.execute(
    db,
  );
  await sql`ALTER TABLE user_activity_log ALTER id DROP DEFAULT, ALTER id TYPE text`.execute(db);
  await rolledUp(db);
  await setAge(db, 'error_logs_keep_days', 'soon');
  const { code, ...preview } = await roundsman(url, 'retention', 'preview', '--json');
  expect(code).toBe(0);
  const rows = preview.json() as Row[];
  const of = (table: string) => rows.find((row) => row.table === table)!;
  expect(of('api_logs')).toMatchObject({
    rows: 0,
    why_not: 'its column created_at is of the type text, and not a time',
  });
  expect(of('user_activity_log').why_not).toBe('its column id is of the type text, and not uuid');
  expect(of('error_logs').why_not).toBe('the setting error_logs_keep_days cannot be read');
  expect(of('page_views')).toMatchObject({ rows: 5, why_not: null, waits: null });
  const { out } = await roundsman(url, 'retention', 'preview', '-o', 'table');
  expect(out).toContain('Cannot be judged');
  await expect(retained(db)).rejects.toMatchObject({
    what: expect.stringMatching(
      /^old rows of (api_logs, user_activity_log|user_activity_log, api_logs) could/,
    ),
    why: expect.stringMatching(/its column (id|created_at) is of the type text, and not/),
  });
  expect((await sql`SELECT FROM page_views`.execute(db)).rows).toEqual([]);
});

test('a person sees words, and why nothing goes yet', async () => {
  const { db, url } = await testDatabase();
  await addLogs(db, 'api_logs', 100, 3);
  await setAge(db, 'retention_from', '2999-01-01T00:00:00.000Z');
  const { code, out } = await roundsman(url, 'retention', 'preview', '-o', 'table');
  expect(code).toBe(0);
  expect(out).toMatch(/^Table +Kept +Would go +Oldest/);
  expect(out).toMatch(/^api_logs +90 days +0 .*3: the job rollup has not added it up/m);
  expect(out).toContain('The job removes nothing now: it begins at 2999-01-01T00:00:00.000Z');
  await setAge(db, 'retention_from', '2001-01-01T00:00:00.000Z');
  await setAge(db, 'mode', 'off');
  expect((await roundsman(url, 'retention', 'preview', '-o', 'table')).out).toContain(
    'The job removes nothing now: the mode is off',
  );
});

test('without the platform its tables are not named', async () => {
  const { db, url } = await emptyDatabase();
  await migrateToLatest(db, { only: 'bots' } as never);
  const rows = (await roundsman(url, 'retention', 'preview', '--json')).json() as Row[];
  expect(rows.map(({ table }) => table)).not.toContain('api_logs');
  expect(rows.map(({ table }) => table)).toContain('bot_executions');
});

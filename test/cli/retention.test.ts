/** `retention preview` says what the job would remove, and why other old rows stay. */
import { expect, test } from 'vitest';
import { testDatabase, emptyDatabase } from '../support/database.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import {
  addBot,
  addFinding,
  addLogs,
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

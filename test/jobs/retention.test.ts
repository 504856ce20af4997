import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { retention } from '../../jobs/retention.ts';
import { rollup } from '../../jobs/rollup.ts';
import { previewRetention } from '../../src/services/retention/preview.ts';
import { notRolledUp } from '../../src/services/retention/plan.ts';
import { hoursToRollUp } from '../../src/data/rollups/hours.ts';
import { connect, forEngine, type Db } from '../../src/database/connect.ts';
import { backends, type Backend } from '../support/backends.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { startFlow } from '../support/engine.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { aRun, carried, noBots } from './job-flow.ts';
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
  countAll,
  eager,
  grouped,
  logTables,
  retained,
  rolledUp,
  setAge,
} from './retention-scene.ts';

const [postgres] = backends as [Backend];

let database: TestDatabase;
let db: Db;
beforeEach(async () => {
  database = await testDatabase();
  ({ db } = database);
});

/** Connected as a login that owns nothing and is in `service_role`, as an engine's may be. */
async function asEngine(): Promise<Db> {
  const login = `app_${randomBytes(4).toString('hex')}`;
  await administer(
    database.url,
    `CREATE ROLE ${login} LOGIN PASSWORD 'app'`,
    `GRANT service_role TO ${login}`,
  );
  const address = new URL(database.url);
  [address.username, address.password] = [login, 'app'];
  onTestFinished(() => administer(database.url, `DROP ROLE ${login}`));
  return connect(address.href, { ...forEngine, max: 2 });
}

const events = async (kind: string, period = 'day') => {
  const { rows } = await sql<{ sum: number }>`
    SELECT coalesce(sum(events), 0)::int AS sum FROM engine.rollups WHERE kind = ${kind} AND period = ${period}`.execute(
    db,
  );
  return rows[0]!.sum;
};

test('logs go by their age, whole days, and are in the figures of their day', async () => {
  await rolledUp(db);
  for (const table of logTables) {
    await addLogs(db, table, 450, 3);
    await addLogs(db, table, 91.5, 7);
    await addLogs(db, table, 89, 2);
    await addLogs(db, table, -5, 1);
  }
  await grouped(db);
  const { tables, left } = await retained(db);
  expect(left).toBeUndefined();
  expect(tables).toMatchObject({
    api_logs: 10,
    page_views: 10,
    error_logs: 10,
    user_activity_log: 3,
  });
  expect(await countAll(db)).toMatchObject({
    api_logs: 3,
    page_views: 3,
    error_logs: 3,
    user_activity_log: 10,
  });
  // Figures by day are kept for 400 days: what is older has none.
  expect([
    await events('endpoint'),
    await events('page'),
    await events('error'),
    await events('activity'),
  ]).toEqual([7, 7, 7, 0]);
  expect((await retained(db)).removed).toBe(0);
});

test('one row more than a statement takes, all with the same time, and a row beside the limit', async () => {
  await rolledUp(db);
  await addLogs(db, 'api_logs', 100, 5_001);
  const limit = sql`date_trunc('day', engine.now() - interval '90 days', 'UTC')`;
  await sql`INSERT INTO api_logs (endpoint, method, status_code, created_at)
            VALUES ('/stays', 'GET', 200, ${limit}), ('/goes', 'GET', 200, ${limit} - interval '1 microsecond'),
                   ('/far', 'GET', 200, 'infinity'), ('/wrong', 'GET', 200, '-infinity')`.execute(
    db,
  );
  expect((await retained(db)).tables).toMatchObject({ api_logs: 5_003 });
  const { rows } = await sql`SELECT endpoint FROM api_logs ORDER BY 1`.execute(db);
  expect(rows).toEqual([{ endpoint: '/far' }, { endpoint: '/stays' }]);
  expect(await events('endpoint')).toBe(5_002);
});

test('rows that no rollup has come to stay, and say why', async () => {
  await addLogs(db, 'api_logs', 100, 3);
  const before = await retained(db);
  // Tables of which nothing is left are not named.
  expect([before.removed, before.left]).toEqual([0, { api_logs: notRolledUp }]);
  await sql`INSERT INTO engine.rollup_marks (kind, done_until) VALUES ('endpoint', engine.now() - interval '100 days')`.execute(
    db,
  );
  await addLogs(db, 'api_logs', 95, 5);
  await addLogs(db, 'api_logs', 105, 2);
  const part = await retained(db);
  expect([part.tables?.api_logs, part.left]).toEqual([2, { api_logs: notRolledUp }]);
  expect((await countAll(db)).api_logs).toBe(8);
});

test('figures that are there stay; those that lack rows are added up anew', async () => {
  await rolledUp(db);
  const day = sql`date_trunc('day', engine.now() - interval '100 days', 'UTC')`;
  const other = sql`date_trunc('day', engine.now() - interval '101 days', 'UTC')`;
  await sql`INSERT INTO engine.rollups (kind, subject, period, starts_at, events, failures)
            VALUES ('endpoint', '/many', 'day', ${day}, 50, 1), ('endpoint', '/few', 'day', ${other}, 1, 0)`.execute(
    db,
  );
  await sql`INSERT INTO api_logs (endpoint, method, status_code, created_at)
            SELECT '/late', 'GET', 500, at + interval '5 hours' FROM unnest(ARRAY[${day}, ${other}]) at, generate_series(1, 4)`.execute(
    db,
  );
  expect((await retained(db)).tables?.api_logs).toBe(8);
  const { rows } = await sql`SELECT subject, events::int, failures::int FROM engine.rollups
    WHERE kind = 'endpoint' AND period = 'day' ORDER BY starts_at DESC`.execute(db);
  expect(rows).toEqual([
    { subject: '/many', events: 50, failures: 1 },
    { subject: '/late', events: 4, failures: 4 },
  ]);
});

test('a clock that was set back adds up nothing of what was removed', async () => {
  await rolledUp(db);
  await addLogs(db, 'api_logs', 95, 6);
  await retained(db);
  const marks = async () =>
    (await sql`SELECT removed_until FROM engine.rollup_marks WHERE kind = 'endpoint'`.execute(db))
      .rows;
  const removed = await marks();
  await sql`CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT statement_timestamp() - interval '200 days' $$`.execute(
    db,
  );
  expect(await hoursToRollUp(db, 'endpoint')).toEqual([]);
  expect((await retained(db)).removed).toBe(0);
  expect(await marks()).toEqual(removed);
  await sql`CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT statement_timestamp() $$`.execute(
    db,
  );
  expect(await events('endpoint')).toBe(6);
});

test('rows that come after all of their time are gone are added to the figures of their day as they go', async () => {
  await rolledUp(db);
  await addLogs(db, 'api_logs', 95, 6);
  await addLogs(db, 'api_logs', 140, 2);
  await retained(db);
  await addLogs(db, 'api_logs', 95, 3);
  await addLogs(db, 'api_logs', 200, 4);
  await addLogs(db, 'api_logs', 500, 5);
  await sql`UPDATE api_logs SET endpoint = '/new', status_code = 500 WHERE created_at < engine.now() - interval '150 days'`.execute(
    db,
  );
  expect((await retained(db)).tables?.api_logs).toBe(12);
  expect((await retained(db)).removed).toBe(0);
  const { rows } = await sql`SELECT subject, events::int, failures::int FROM engine.rollups
    WHERE kind = 'endpoint' AND period = 'day' ORDER BY starts_at DESC`.execute(db);
  expect(rows).toEqual([
    { subject: '/a', events: 9, failures: 0 },
    { subject: '/a', events: 2, failures: 0 },
    { subject: '(other)', events: 4, failures: 4 },
  ]);
});

test('errors that are not counted into groups stay', async () => {
  await rolledUp(db);
  await addLogs(db, 'error_logs', 100, 2);
  expect((await retained(db)).tables?.error_logs).toBe(0);
  await grouped(db);
  expect((await retained(db)).tables?.error_logs).toBe(2);
});

test('a run goes with all that was about it, in one night, and what people did stays', async () => {
  await rolledUp(db);
  const [bot, entry] = [await addBot(db), await addEntry(db)];
  for (let n = 0; n < 10; n += 1) await addRun(db, bot, 1);
  const about = async (print: string, by: string) => {
    const run = await addRun(db, bot, 1_300, 'failed');
    const finding = await addFinding(db, { bot, run, print, found: 1_300, resolved: 1_290 });
    await addTicket(db, { bot, finding, print, closed: 1_290, by });
    await addDecision(db, { bot, run, finding, entry, print, days: 1_300 });
    await addMemory(db, { bot, run, print });
    return run;
  };
  await about('engine', 'roundsman');
  const kept = await about('person', 'ann');
  await addRun(db, bot, 200);
  const { tables } = await retained(db);
  expect(tables).toMatchObject({
    bot_tickets: 1,
    bot_decisions: 1,
    bot_findings: 1,
    bot_executions: 2,
    bot_finding_states: 1,
  });
  const { rows } =
    await sql`SELECT id FROM bot_executions WHERE started_at < engine.now() - interval '100 days'`.execute(
      db,
    );
  expect(rows).toEqual([{ id: kept }]);
  expect(await countAll(db)).toMatchObject({
    bot_tickets: 1,
    bot_decisions: 1,
    bot_findings: 1,
    bot_executions: 11,
    bot_finding_states: 1,
  });
  expect((await retained(db)).removed).toBe(0);
});

test('the newest runs of a bot stay, and a cause goes after what stood behind it', async () => {
  await rolledUp(db);
  const bot = await addBot(db);
  const runs = [];
  for (let n = 0; n < 12; n += 1) runs.push(await addRun(db, bot, 500 + n));
  const cause = await addFinding(db, { bot, run: runs[11]!, found: 511, resolved: 505 });
  await addFinding(db, { bot, run: runs[11]!, found: 511, resolved: 503, cause });
  expect((await retained(db)).tables).toMatchObject({ bot_findings: 2, bot_executions: 2 });
});

test('the figures of an entry stay what they are when its old heals go', async () => {
  await rolledUp(db);
  const [bot, entry] = [await addBot(db), await addEntry(db)];
  const heal = (days: number, states: string[], rest = {}) =>
    addHeal(db, {
      bot,
      run: null,
      finding: null,
      entry,
      print: `p${Math.random()}`,
      days,
      states,
      ...rest,
    });
  const figures = async () =>
    (
      await sql`SELECT times_applied, times_successful, success_rate::float8 AS rate FROM bot_knowledge WHERE id = ${entry}`.execute(
        db,
      )
    ).rows;
  await sql`INSERT INTO bot_actions (bot_id, knowledge_id, heal_id, action_type, action_description, success, state, fingerprint, remedy, risk,
              idempotency_key, taken_at, applied_at, settled_at)
            SELECT ${bot}, ${entry}, gen_random_uuid(), 'x', 'd', n % 3 > 0, CASE WHEN n % 3 > 0 THEN 'held' ELSE 'relapsed' END, 'f' || n, 'r', 'safe',
              'key' || n, at, at, at
            FROM generate_series(1, 600) n, LATERAL (SELECT engine.now() - make_interval(days => 1000 + n) AS at) t`.execute(
    db,
  );
  // Older than all of these: two steps, one undone, one external, one without an outcome.
  await heal(2_000, ['failed', 'held']);
  await heal(2_000, ['relapsed'], { undo: true });
  await heal(2_000, ['aborted']);
  await heal(2_000, ['verified'], { entry: null });
  const before = await figures();
  expect(before).toMatchObject([{ times_applied: 602, times_successful: 401 }]);
  // The newest 500 stay, and what a person asked to undo.
  expect((await retained(db)).tables?.bot_actions).toBe(100 + 2 + 1 + 1);
  expect(await figures()).toEqual(before);
  expect((await retained(db)).removed).toBe(0);
  await heal(0, ['held']);
  expect(await figures()).toMatchObject([{ times_applied: 603, times_successful: 402 }]);
});

test('nothing goes where a setting cannot be read, where it says so, and before it begins', async () => {
  await rolledUp(db);
  await addLogs(db, 'api_logs', 1_000, 2);
  for (const nonsense of [0, 1, -5, 2.5, '30', 'never', true, {}, [30], 1e9]) {
    await setAge(db, 'api_logs_keep_days', nonsense);
    expect((await retained(db)).left).toEqual({
      api_logs: 'the setting api_logs_keep_days cannot be read',
    });
  }
  for (const kept of ['keep', null]) {
    await setAge(db, 'api_logs_keep_days', kept);
    expect(await retained(db)).toMatchObject({ removed: 0 });
  }
  await setAge(db, 'api_logs_keep_days', 3);
  for (const [key, value] of [
    ['retention_from', 'x'],
    ['retention_minutes', 0],
    ['retention_minutes', 'x'],
  ] as const) {
    await setAge(db, key, value);
    expect(await retained(db)).toEqual({ removed: 0, why: `the setting ${key} cannot be read` });
    await sql`DELETE FROM engine.settings WHERE key = ${key}`.execute(db);
  }
  await setAge(db, 'retention_from', '2999-01-01T00:00:00.000Z');
  expect((await retained(db)).why).toContain('2999-01-01');
  await sql`DELETE FROM engine.settings WHERE key = 'retention_from'`.execute(db);
  await sql`UPDATE engine.settings SET value = '"off"' WHERE key = 'mode'`.execute(db);
  expect(await retained(db)).toEqual({ removed: 0, why: 'the mode is off' });
  await sql`UPDATE engine.settings SET value = '"safe"' WHERE key = 'mode'`.execute(db);
  expect(await retained(db, { scheduledFor: new Date(Date.now() - 91 * 60_000) })).toMatchObject({
    removed: 0,
    why: 'its slot is more than 90 minutes ago',
    late: true,
  });
  expect(await retained(db)).toMatchObject({ removed: 2 });
});

test('an empty database, and one with only the bots, have nothing to remove', async () => {
  expect(await retained(db)).toMatchObject({ removed: 0 });
  const { db: bots } = await emptyDatabase();
  await migrateToLatest(bots, { only: 'bots' } as never);
  await rolledUp(bots);
  const bot = await addBot(bots);
  for (let n = 0; n < 12; n += 1) await addRun(bots, bot, 500 + n);
  const { tables } = await retained(bots);
  expect(tables).toMatchObject({ bot_executions: 2 });
  expect(tables).not.toHaveProperty('api_logs');
});

test('it waits while the server is busy, and ends at once when it is stopped', async () => {
  await rolledUp(db);
  await addLogs(db, 'api_logs', 100, 10);
  const stop = new AbortController();
  const other = connect(database.url, { max: 1 });
  try {
    await other.transaction().execute(async (trx) => {
      await sql`SELECT 1`.execute(trx);
      const run = retained(db, {
        pace: { ...eager, lookMs: 20, busy: { ...eager.busy, transactionSeconds: 0 } },
        signal: stop.signal,
      });
      const ended = run.then(
        () => 'ended',
        (error: Error) => error.message,
      );
      expect(await Promise.race([ended, sleep(300, 'waits')])).toBe('waits');
      stop.abort(new Error('stopped by the test'));
      expect(await ended).toMatch(/stopped by the test|aborted/);
    });
  } finally {
    await other.destroy();
  }
  expect((await countAll(db)).api_logs).toBe(10);
  expect((await retained(db)).removed).toBe(10);
});

test('rows that another session holds, and a table that it locks, are left for the next run', async () => {
  await rolledUp(db);
  await addLogs(db, 'api_logs', 100, 10);
  const other = connect(database.url, { max: 1 });
  try {
    await other.transaction().execute(async (trx) => {
      await sql`SELECT FROM api_logs LIMIT 4 FOR UPDATE`.execute(trx);
      expect((await retained(db)).tables?.api_logs).toBe(6);
    });
    await other.transaction().execute(async (trx) => {
      await sql`LOCK TABLE api_logs IN SHARE ROW EXCLUSIVE MODE`.execute(trx);
      const { left } = await retained(db, { pace: { ...eager, lookMs: 5 } });
      expect(left).toEqual({
        api_logs: 'another session kept it locked; the next run tries again',
      });
    });
  } finally {
    await other.destroy();
  }
  expect((await retained(db)).removed).toBe(4);
});

test('the role of the engine may remove rows of every table', async () => {
  await rolledUp(db);
  for (const table of logTables) await addLogs(db, table, 1_000, 1);
  await grouped(db);
  const [bot, entry] = [await addBot(db), await addEntry(db)];
  const run = await addRun(db, bot, 3_000, 'failed');
  for (let n = 0; n < 10; n += 1) await addRun(db, bot, 1);
  const finding = await addFinding(db, { bot, run, found: 3_000, resolved: 2_990, print: 'p' });
  const about = { bot, run, finding, print: 'p', days: 3_000 };
  await addTicket(db, { bot, finding, print: 'p', closed: 2_990 });
  await addDecision(db, { ...about, entry });
  await addHeal(db, { ...about, entry: null, states: ['verified'] });
  await addMemory(db, about);
  await sql`INSERT INTO bot_metrics (bot_id, day) VALUES (${bot}, '2001-01-01')`.execute(db);
  await sql`INSERT INTO engine.backups (outcome, target, folder, host, encrypted, requested_by, began_at, ended_at)
            VALUES ('failed', 'folder', '/b', 'h', false, 'ann', '2001-01-01', '2001-01-01')`.execute(
    db,
  );
  const service = await asEngine();
  try {
    const { tables, left } = await retained(service);
    expect(left).toBeUndefined();
    expect(Object.values(tables!)).toEqual(Object.values(tables!).map(() => 1));
  } finally {
    await service.destroy();
  }
});

test('a login that may not delete there leaves a table, and the figures say so', async () => {
  await rolledUp(db);
  await addLogs(db, 'api_logs', 1_000, 1);
  await addLogs(db, 'page_views', 1_000, 1);
  await sql`REVOKE DELETE ON api_logs FROM service_role`.execute(db);
  const service = await asEngine();
  try {
    expect(await retained(service)).toMatchObject({
      removed: 1,
      left: { api_logs: 'the login of the engine may not delete there' },
    });
  } finally {
    await service.destroy();
  }
});

test('where there were bots or users before, it begins a week after the migration', async () => {
  const from = async () => {
    const { rows } = await sql<{ days: number }>`
      SELECT extract(epoch FROM (value #>> '{}')::timestamptz - engine.now()) / 86400 AS days
      FROM engine.settings WHERE key = 'retention_from'`.execute(db);
    return rows.map(({ days }) => Math.round(Number(days)));
  };
  const begin = async (name: string) => {
    const text = readFileSync(new URL(`../../migrations/${name}.sql`, import.meta.url), 'utf8');
    await sql.raw(/^INSERT INTO engine\.settings[^;]*;/m.exec(text)![0]).execute(db);
  };
  await begin('vb_25_retention');
  await begin('vb_25_retention_logs');
  expect(await from()).toEqual([]);
  await addBot(db);
  await begin('vb_25_retention');
  expect(await from()).toEqual([7]);
  expect((await retained(db)).why).toContain('retention_from');
});

test('as a job it says what it removed, after the job rollup has been', async () => {
  const flow = await startFlow(postgres, noBots, {
    jobs: [retention, rollup],
    roles: ['scheduler'],
  });
  ({ db } = flow);
  await addLogs(db, 'page_views', 95, 3);
  await carried(flow.jobEngine, await aRun(db, rollup));
  const row = await carried(flow.jobEngine, await aRun(db, retention));
  expect(row).toMatchObject({
    status: 'success',
    figures: { removed: 3, tables: { page_views: 3 } },
  });
});

test('rows of logs that have no time stay, and the preview counts them', async () => {
  await rolledUp(db);
  await addLogs(db, 'api_logs', 500, 2);
  await sql`INSERT INTO api_logs (endpoint, method, status_code, created_at) VALUES ('/a', 'GET', 200, NULL)`.execute(
    db,
  );
  const { tables } = await previewRetention(db);
  expect(tables.find(({ table }) => table === 'api_logs')).toMatchObject({
    rows: 2,
    stays: [{ why: 'has no time', rows: 1 }],
  });
  await retained(db);
  expect(await countAll(db)).toMatchObject({ api_logs: 1 });
});

/** Retention beside what the platform's people may have made: foreign keys, triggers and views of their own, and a clock that jumps. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { rollup } from '../../jobs/rollup.ts';
import { tidy } from '../../jobs/tidy.ts';
import type { JobContext } from '../../src/contract/job.ts';
import { whyClockUnsure } from '../../src/data/retention/clock.ts';
import { removeOld as removeOldBackups } from '../../src/services/backups/remove-old.ts';
import { removeOld } from '../../src/services/retention/remove-old.ts';
import { previewRetention } from '../../src/services/retention/preview.ts';
import { connect, forEngine, type Db } from '../../src/database/connect.ts';
import { movableClock } from '../support/clocks.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import {
  addBot,
  addFinding,
  addHeal,
  addLogs,
  addRun,
  addTicket,
  countAll,
  grouped,
  retained,
  rolledUp,
} from './retention-scene.ts';

let database: TestDatabase;
let db: Db;
beforeEach(async () => {
  database = await testDatabase();
  ({ db } = database);
  await rolledUp(db);
  await grouped(db);
});

const daySeconds = 86_400;
const staysOf = async (table: string) =>
  (await previewRetention(db)).tables.find((one) => one.table === table)!.stays;
const count = async (from: string) =>
  (await sql<{ n: number }>`SELECT count(*)::int AS n FROM ${sql.raw(from)}`.execute(db)).rows[0]!
    .n;
/** A run of a job, asked for so many days ago. */
const addJobRun = (days: number, job = 'rollup') =>
  sql`INSERT INTO engine.job_runs (job, status, queued_at, completed_at)
      SELECT ${job}::text, 'success', at, at FROM (SELECT engine.now() - make_interval(secs => ${days * daySeconds}::float8) AS at) a`.execute(
    db,
  );
const contextOf = (): JobContext =>
  ({
    db,
    signal: new AbortController().signal,
    commit: (write: Parameters<JobContext['commit']>[0]) => db.transaction().execute(write),
    report: () => {},
    run: { id: '00000000-0000-4000-8000-000000000000', scheduledFor: null, attempt: 1 },
  }) as unknown as JobContext;
const tidied = () => tidy.handler(contextOf(), {});
const rolled = () => rollup.handler(contextOf(), {});
const addJobs = () =>
  sql`INSERT INTO engine.jobs (name) VALUES ('rollup') ON CONFLICT DO NOTHING`.execute(db);

test.for(['CASCADE', 'SET NULL', 'NO ACTION'])(
  'a row to which a table of the platform refers stays with that table as it is (ON DELETE %s), and the others go',
  async (action) => {
    await addLogs(db, 'api_logs', 100, 5);
    await sql`CREATE TABLE "in'voices" (log_id uuid, "of" timestamptz, own uuid REFERENCES api_logs (id) ON DELETE ${sql.raw(action)})`.execute(
      db,
    );
    await sql`INSERT INTO "in'voices" (own) SELECT id FROM api_logs LIMIT 2`.execute(db);
    expect(await staysOf('api_logs')).toEqual([
      { why: 'a row of another table refers to it', rows: 2 },
    ]);
    const { tables, left } = await retained(db);
    expect([tables?.api_logs, left]).toEqual([3, undefined]);
    expect(await count(`"in'voices" WHERE own IS NOT NULL`)).toBe(2);
    await sql`DELETE FROM "in'voices"`.execute(db);
    expect((await retained(db)).tables?.api_logs).toBe(2);
  },
);

test('tickets, steps of heals, findings and runs to which a table of the platform refers stay, also by what goes along with them', async () => {
  const bot = await addBot(db);
  for (let newest = 0; newest < 10; newest += 1) await addRun(db, bot, 1);
  const ticketOf = async (print: string) => {
    const run = await addRun(db, bot, 700);
    const finding = await addFinding(db, { bot, run, found: 700, resolved: 600, print });
    return addTicket(db, { bot, finding, print, closed: 500 });
  };
  const [, byTicket, byEvent] = [await ticketOf('free'), await ticketOf('a'), await ticketOf('b')];
  const heal = await addHeal(db, {
    bot,
    run: null,
    finding: null,
    entry: null,
    print: 'h',
    days: 950,
    states: ['held', 'held'],
  });
  const run = await addRun(db, bot, 700);
  await sql`CREATE TABLE postmortems (
    ticket uuid REFERENCES bot_tickets (id) ON DELETE CASCADE, event bigint REFERENCES bot_ticket_events (id) ON DELETE CASCADE,
    step uuid REFERENCES bot_actions (id) ON DELETE CASCADE, run uuid REFERENCES bot_executions (id) ON DELETE SET NULL)`.execute(
    db,
  );
  await sql`INSERT INTO postmortems (ticket) VALUES (${byTicket})`.execute(db);
  await sql`INSERT INTO postmortems (event) SELECT max(id) FROM bot_ticket_events WHERE ticket_id = ${byEvent}`.execute(
    db,
  );
  await sql`INSERT INTO postmortems (step) SELECT id FROM bot_actions WHERE heal_id = ${heal} AND step = 1`.execute(
    db,
  );
  await sql`INSERT INTO postmortems (run) VALUES (${run})`.execute(db);
  const before = (await sql`SELECT * FROM postmortems`.execute(db)).rows;
  expect((await retained(db)).tables).toMatchObject({
    bot_tickets: 1,
    bot_findings: 1,
    bot_executions: 1,
    bot_actions: 0,
  });
  expect((await sql`SELECT * FROM postmortems`.execute(db)).rows).toEqual(before);
});

test.for(['CASCADE', 'NO ACTION'])(
  'messages to which a table of the platform refers stay (ON DELETE %s)',
  async (action) => {
    const bot = await addBot(db);
    const ticket = await addTicket(db, { bot, finding: null, print: 'm', closed: 40 });
    await sql`INSERT INTO bot_notifications (ticket_id, channel, kind, status, sent_at, created_at)
            SELECT ${ticket}, 'ops', 'ticket', 'sent', engine.now(), engine.now() - interval '40 days' FROM generate_series(1, 3)`.execute(
      db,
    );
    await sql`CREATE TABLE receipts (message uuid REFERENCES bot_notifications (id) ON DELETE ${sql.raw(action)})`.execute(
      db,
    );
    await sql`INSERT INTO receipts SELECT id FROM bot_notifications LIMIT 1`.execute(db);
    expect(await staysOf('bot_notifications')).toEqual([
      { why: 'a row of public.receipts refers to it', rows: 1 },
    ]);
    expect(await tidied()).toMatchObject({ messages: 2 });
    expect(await count('receipts')).toBe(1);
  },
);

test('a log that a view shows stays, and keys to a table that inherits from a log count', async () => {
  await sql`ALTER TABLE api_logs RENAME TO requests`.execute(db);
  await sql`CREATE VIEW api_logs AS SELECT * FROM requests`.execute(db);
  await addLogs(db, 'api_logs', 100, 2);
  await sql`CREATE TABLE views_of_2025 (UNIQUE (id)) INHERITS (page_views)`.execute(db);
  await sql`INSERT INTO views_of_2025 (page_path, created_at) SELECT '/p', engine.now() - interval '100 days' FROM generate_series(1, 3)`.execute(
    db,
  );
  await sql`CREATE TABLE precious (view uuid REFERENCES views_of_2025 (id) ON DELETE CASCADE)`.execute(
    db,
  );
  await sql`INSERT INTO precious SELECT id FROM views_of_2025 LIMIT 1`.execute(db);
  expect((await retained(db)).tables).toMatchObject({ api_logs: 0, page_views: 2 });
  expect([await count('requests'), await count('precious')]).toEqual([2, 1]);
});

test('a table of which the login cannot see every row keeps all rows to which it may refer', async () => {
  await addLogs(db, 'api_logs', 100, 5);
  await addLogs(db, 'page_views', 100, 5);
  await sql`CREATE TABLE secrets_of_logs (log uuid REFERENCES api_logs (id) ON DELETE CASCADE)`.execute(
    db,
  );
  await sql`CREATE TABLE policed (view uuid REFERENCES page_views (id) ON DELETE CASCADE)`.execute(
    db,
  );
  await sql`INSERT INTO secrets_of_logs SELECT id FROM api_logs LIMIT 1`.execute(db);
  await sql`INSERT INTO policed SELECT id FROM page_views LIMIT 1`.execute(db);
  await sql`REVOKE ALL ON secrets_of_logs FROM PUBLIC, service_role`.execute(db);
  await sql`ALTER TABLE policed ENABLE ROW LEVEL SECURITY`.execute(db);
  await sql`GRANT SELECT ON policed TO service_role`.execute(db);
  const login = `app_${randomBytes(4).toString('hex')}`;
  await administer(
    database.url,
    `CREATE ROLE ${login} LOGIN PASSWORD 'app'`,
    `GRANT service_role TO ${login}`,
  );
  onTestFinished(() => administer(database.url, `DROP ROLE ${login}`));
  const address = new URL(database.url);
  [address.username, address.password] = [login, 'app'];
  const engine = await connect(address.href, { ...forEngine, max: 2 });
  onTestFinished(() => engine.destroy());
  const { tables } = await retained(engine);
  // The engine's role sees rows whatever their policies say.
  expect([tables?.api_logs, tables?.page_views]).toEqual([0, 4]);
  expect([await count('secrets_of_logs'), await count('policed')]).toEqual([1, 1]);
});

test('a table that refuses to be cleaned up fails the run at its end, and keeps no other table from it', async () => {
  await addLogs(db, 'api_logs', 100, 5);
  await addLogs(db, 'page_views', 100, 5);
  await sql`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'logs are for ever'; END $$`.execute(
    db,
  );
  await sql`CREATE TRIGGER refuse BEFORE DELETE ON api_logs FOR EACH ROW EXECUTE FUNCTION refuse()`.execute(
    db,
  );
  await expect(retained(db)).rejects.toThrow(/old rows of api_logs could not be removed/);
  expect(await countAll(db)).toMatchObject({ api_logs: 5, page_views: 0 });
});

test('a clock that jumps ahead has nothing removed until it has gone on evenly for three days', async () => {
  const forward = await movableClock(db);
  await addJobs();
  // A gap that is over for long enough is none.
  for (const days of [40, 3.5, 2, 1, 0.01]) await addJobRun(days);
  await addLogs(db, 'api_logs', 1, 5);
  await sql`INSERT INTO engine.rollups (kind, subject, period, starts_at, events, failures)
            VALUES ('endpoint', '/a', 'day', date_trunc('day', engine.now() - interval '300 days', 'UTC'), 1, 0)`.execute(
    db,
  );
  expect(await whyClockUnsure(db)).toBeNull();
  await forward(365 * daySeconds);
  // The run itself has the new time.
  await addJobRun(0);
  for (let day = 0; day < 3; day += 1) {
    await rolledUp(db);
    const { removed, ...rest } = await retained(db);
    expect([removed, rest.why]).toEqual([
      0,
      expect.stringContaining('the clock of the database was set ahead'),
    ]);
    expect((await previewRetention(db)).waits).toBe(rest.why);
    expect(await tidied()).toMatchObject({ removed: 0, why: rest.why });
    expect(await rolled()).toMatchObject({ removed: 0 });
    await forward(daySeconds);
    await addJobRun(0);
  }
  expect((await countAll(db)).api_logs).toBe(5);
  await rolledUp(db);
  expect((await retained(db)).removed).toBe(5);
  expect(await tidied()).not.toHaveProperty('why');
  await rolled();
  expect(await count(`engine.rollups WHERE subject = '/a' AND events = 1`)).toBe(0);
});

test('files of backups stay after a jump, too', async () => {
  const forward = await movableClock(db);
  const folder = await mkdtemp(join(tmpdir(), 'backups-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await addJobs();
  await addJobRun(0.01);
  for (const days of [10, 5, 1]) {
    await writeFile(join(folder, `b-${days}`), 'x');
    await sql`INSERT INTO engine.backups (outcome, target, folder, file_name, host, encrypted, requested_by, server_version, bytes, sha256,
                                          tables, rows, left_out, began_at, taken_at, ended_at)
              SELECT 'success', 'folder', ${folder}, ${`b-${days}`}, ${hostname()}, false, 'ann', '18', 1, ${'a'.repeat(64)}, 1, 1, 0, at, at, at
              FROM (SELECT engine.now() - make_interval(days => ${days}) AS at) a`.execute(db);
  }
  await forward(365 * daySeconds);
  await addJobRun(0);
  expect(await removeOldBackups(db, { target: { folder }, keepDays: 30 })).toBe(0);
  expect(await readdir(folder)).toHaveLength(3);
  for (let day = 0; day < 3; day += 1) {
    await forward(daySeconds);
    await addJobRun(0);
  }
  expect(await removeOldBackups(db, { target: { folder }, keepDays: 30 })).toBe(2);
});

test('a clock that is set back after a jump is trusted at once, and a person may vouch for it', async () => {
  const forward = await movableClock(db);
  await addJobs();
  for (const days of [2, 1, 0.01]) await addJobRun(days);
  await addLogs(db, 'api_logs', 100, 5);
  await forward(365 * daySeconds);
  await addJobRun(0);
  expect(await whyClockUnsure(db)).not.toBeNull();
  await forward(-365 * daySeconds);
  expect(await whyClockUnsure(db)).toBeNull();
  await forward(365 * daySeconds);
  await rolledUp(db);
  const figures = await removeOld(contextOf(), { trustsClock: true });
  expect(figures.removed).toBe(5);
});

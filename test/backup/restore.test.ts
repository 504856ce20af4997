/** `db restore`: nothing of the past is done once more in the restored database. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { NotEmptyForRestoreError } from '../../src/backup/restore/refuse-filled.ts';
import { escalateDue } from '../../src/services/policy/escalate.ts';
import { dueReport } from '../../src/services/report/due.ts';
import { restoreBackup } from '../../src/services/backups/restore.ts';
import { emptyDatabase, testDatabaseWithQueue } from '../support/database.ts';
import { tidy } from '../../jobs/tidy.ts';
import { changeMode } from '../../src/data/bots/engine.ts';
import { messagesDue } from '../../src/data/notify/channels.ts';
import { whyAllStays } from '../../src/data/retention/why-all-stays.ts';
import { readRestoredAt } from '../../src/data/settings/restored-at.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { wakeTickets } from '../../src/transitions/tickets/wake.ts';
import { aRun, carried, noBots } from '../jobs/job-flow.ts';
import { backends } from '../support/backends.ts';
import { startFlow } from '../support/engine.ts';
import { insertBot, insertTicket } from '../cli/rows.ts';
import { setNotifications, toldOps } from '../notify/tickets.ts';
import { actor, backupFolder, take } from './scene.ts';

const signal = new AbortController().signal;

test('runs, messages and the queue of the past stay in the past, and the mode is off', async () => {
  const database = await testDatabaseWithQueue();
  const { db } = database;
  const bot = await insertBot(db, 'watch');
  await sql`
    INSERT INTO bot_executions (bot_id, status, trigger, queued_at, started_at, worker, attempt, fence, lease_until, completed_at)
    VALUES (${bot}, 'queued', 'manual', engine.now(), engine.now(), NULL, 0, 0, NULL, NULL),
           (${bot}, 'running', 'manual', engine.now(), engine.now(), 'w', 1, 1, engine.now() + interval '5 seconds', NULL),
           (${bot}, 'success', 'manual', engine.now(), engine.now(), 'w', 1, 2, NULL, engine.now())`.execute(
    db,
  );
  await sql`INSERT INTO engine.jobs (name) VALUES ('tidy') ON CONFLICT DO NOTHING`.execute(db);
  await sql`INSERT INTO engine.job_runs (job, status, queued_at) VALUES ('tidy', 'queued', engine.now())`.execute(
    db,
  );
  await insertTicket(db, bot, 'sessions pile up', { fingerprint: 'fp' });
  await sql`
    INSERT INTO bot_notifications (ticket_id, channel, status, payload) SELECT id, 'ops', 'pending', '{}' FROM bot_tickets`.execute(
    db,
  );
  await sql`UPDATE engine.settings SET value = '"auto"' WHERE key = 'mode'`.execute(db);
  const { file } = await take(database, backupFolder());

  const target = await emptyDatabase();
  const restored = await restoreBackup({ url: target.url, actor }, { file: file!, signal });
  expect(restored).toMatchObject({
    hasEngine: true,
    endedRuns: 2,
    endedJobs: 1,
    heldMessages: 1,
    notValid: [],
    missingKeys: [],
  });
  const rowsOf = async (text: string) => (await sql.raw(text).execute(target.db)).rows;
  expect(await rowsOf('SELECT status, reason FROM bot_executions ORDER BY fence')).toEqual([
    { status: 'cancelled', reason: 'restored' },
    { status: 'cancelled', reason: 'restored' },
    { status: 'success', reason: null },
  ]);
  expect(await rowsOf('SELECT status, reason FROM engine.job_runs')).toEqual([
    { status: 'cancelled', reason: 'restored' },
  ]);
  expect(await rowsOf('SELECT status, reason FROM bot_notifications')).toEqual([
    { status: 'failed', reason: 'restored' },
  ]);
  expect(await rowsOf(`SELECT value FROM engine.settings WHERE key = 'mode'`)).toEqual([
    { value: 'off' },
  ]);
  expect(await rowsOf(`SELECT FROM pg_namespace WHERE nspname = 'bullmq'`)).toEqual([]);
  expect(await rowsOf('SELECT FROM bot_ticket_events WHERE routed_at IS NULL')).toEqual([]);

  // What exists is never replaced.
  const again = restoreBackup({ url: target.url, actor }, { file: file!, signal });
  await expect(again).rejects.toThrow(NotEmptyForRestoreError);
});

test('the report of this morning and the escalations of last night are not sent once more', async () => {
  const database = await testDatabaseWithQueue();
  const { db } = database;
  const bot = await insertBot(db, 'watch');
  await setNotifications(
    db,
    toldOps('127.0.0.1:9', { routes: [{ report: true, to: ['ops'] }], report: { at: '00:00' } }),
  );
  await sql`UPDATE engine.settings SET changed_at = engine.now() - interval '9 days' WHERE key = 'notifications'`.execute(
    db,
  );
  await sql`
    INSERT INTO engine.policies (policy, set_by)
    VALUES ('{"rules": [{"steps": [{"after": "2h", "to": "ann"}], "page_again_after": "2h"}]}', 'eve')`.execute(
    db,
  );
  const acknowledged = {
    acknowledged_at: new Date(Date.now() - 300 * 86_400_000),
    acknowledged_by: 'ann',
  };
  await insertTicket(db, bot, 'sessions pile up', { severity: 'critical' });
  await insertTicket(db, bot, 'a disk is full', { severity: 'critical', ...acknowledged });
  await sql`
    UPDATE bot_tickets SET escalation_began_at = engine.now() - interval '300 days', escalate_at = engine.now()`.execute(
    db,
  );
  const { file } = await take(database, backupFolder());

  const target = await emptyDatabase();
  await restoreBackup({ url: target.url, actor }, { file: file!, signal });
  expect(await dueReport(target.db)).toBeNull();
  const asked = await target.db.transaction().execute((trx) => escalateDue(trx, 10));
  expect(asked).toMatchObject({ asked: 2, escalated: 0, reminded: 0, raised: 0 });

  // In the database that was backed up both are due: it is the restore that leaves them out.
  expect(await dueReport(db)).not.toBeNull();
  const done = await db.transaction().execute((trx) => escalateDue(trx, 10));
  expect(done).toMatchObject({ asked: 2, escalated: 1, reminded: 1 });
});

test('a snooze that has ended since, and a target that was still to come, tell nobody anything old', async () => {
  const database = await testDatabaseWithQueue();
  const { db } = database;
  const bot = await insertBot(db, 'watch');
  const at = (seconds: number) => sql<Date>`engine.now() + make_interval(secs => ${seconds})`;
  const slept = { snoozed_at: at(-600), snoozed_by: 'ann' };
  await insertTicket(db, bot, 'it wakes', { ...slept, snoozed_until: at(1) });
  await insertTicket(db, bot, 'it sleeps on', { ...slept, snoozed_until: at(90_000) });
  await insertTicket(db, bot, 'it is to be answered', { respond_by: at(3_600) });
  await insertTicket(db, bot, 'it was late already', { respond_by: at(-60) });
  await sql`UPDATE bot_ticket_events SET routed_at = engine.now()`.execute(db);
  const targets = async (of: typeof db) => {
    const { rows } = await sql<{ title: string; respond_by: Date }>`
      SELECT title, respond_by FROM bot_tickets WHERE respond_by IS NOT NULL`.execute(of);
    return Object.fromEntries(rows.map((row) => [row.title, +row.respond_by]));
  };
  const before = await targets(db);
  const { file, manifest } = await take(database, backupFolder());

  const target = await emptyDatabase();
  await restoreBackup({ url: target.url, actor }, { file: file!, signal });
  const after = await targets(target.db);
  const restoredAt = (await readRestoredAt(target.db))!;
  const passed = +restoredAt - +new Date(manifest.takenAt);
  expect(passed).toBeGreaterThan(0);
  expect(after['it was late already']).toBe(before['it was late already']);
  const moved = after['it is to be answered']! - before['it is to be answered']!;
  expect(Math.abs(moved - passed)).toBeLessThan(5_000);
  expect(moved).toBeGreaterThan(0);
  const { rows: told } = await sql`
    SELECT t.title, e.unsent_reason FROM bot_ticket_events e JOIN bot_tickets t ON t.id = e.ticket_id WHERE e.event = 'woken'`.execute(
    target.db,
  );
  expect(told).toEqual([{ title: 'it wakes', unsent_reason: 'restored' }]);
  expect(await wakeTickets(target.db, 100)).toBe(0);
  expect((await messagesDue(target.db)).events).toBe(false);
});

test('nothing goes by its age in a restored database until its mode is set', async () => {
  const database = await testDatabaseWithQueue();
  const { file } = await take(database, backupFolder());
  const target = await emptyDatabase();
  const { db, url } = target;
  await restoreBackup({ url, actor }, { file: file!, signal });
  expect(await whyAllStays(db)).toContain('its mode was not set since');
  const flow = await startFlow(backends[0]!, noBots, {
    database: target,
    jobs: [tidy],
    roles: [],
  });
  await registerJobs(db, [tidy]);
  await sql`
    INSERT INTO engine.job_runs (job, status, queued_at, completed_at)
    SELECT 'tidy', 'success', at, at FROM generate_series(0, 30) n, LATERAL (SELECT engine.now() - make_interval(days => n * 2) AS at) t`.execute(
    db,
  );
  const tidied = async () => (await carried(flow.jobEngine, await aRun(db, tidy))).figures;
  expect(await tidied()).toMatchObject({ removed: 0, why: expect.stringContaining('restored') });
  await changeMode(db, 'safe', { by: 'ann', reason: null });
  expect(await tidied()).toMatchObject({ job_runs: 16 });
  // Healing that a person switches off has nothing to do with a restore.
  await changeMode(db, 'off', { by: 'ann', reason: null });
  expect(await whyAllStays(db)).toBeNull();
});

/** `db restore`: nothing of the past is done once more in the restored database. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { NotEmptyForRestoreError } from '../../src/backup/restore/refuse-filled.ts';
import { escalateDue } from '../../src/services/policy/escalate.ts';
import { dueReport } from '../../src/services/report/due.ts';
import { restoreBackup } from '../../src/services/backups/restore.ts';
import { emptyDatabase, testDatabaseWithQueue } from '../support/database.ts';
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

/** An engine that is started on a restored database: last night's runs, remedies and messages are not repeated, on both queues. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { deliver } from '../../jobs/deliver.ts';
import { restoreBackup } from '../../src/services/backups/restore.ts';
import { insertTicket } from '../cli/rows.ts';
import { receiver } from '../notify/scene.ts';
import { setNotifications, toldOps } from '../notify/tickets.ts';
import { backends } from '../support/backends.ts';
import { aBot, aRemedy, broken, catalogue, entry, playbook } from '../support/builders.ts';
import { emptyDatabase, testDatabase, testDatabaseWithQueue } from '../support/database.ts';
import { startFlow } from '../support/engine.ts';
import { makeDue, queuedRun, rowOf, set } from '../support/runs.ts';
import { actor, backupFolder, take } from './scene.ts';

describe.each(backends)('on $name', (backend) => {
  test('what was queued and unsent stays so, and what is due afterwards is only looked at', async () => {
    const done: string[] = [];
    const cure = aRemedy('disk.clean', async () => {
      done.push('remedy');
      return true;
    });
    const bot = aBot(
      'watch',
      async () => {
        done.push('check');
        return { examined: ['disk'], findings: broken('disk').findings };
      },
      { knowledge: [entry('clean', playbook('disk.clean'), { pattern: 'disk is broken' })] },
    );
    const all = catalogue([bot], [cure]);
    const { host, received } = await receiver();
    const source = await (backend.redisUrl ? testDatabase() : testDatabaseWithQueue());
    const before = await startFlow(backend, all, {
      database: source,
      roles: ['scheduler'],
      jobs: [deliver],
    });
    await set(before.db, 'mode', 'auto');
    const run = await queuedRun(before.db, 'watch');
    const { id: botId } = await before.db.selectFrom('bots').select('id').executeTakeFirstOrThrow();
    await setNotifications(before.db, toldOps(host));
    await insertTicket(before.db, botId, 'the disk is full', { fingerprint: 'fp' });
    await sql`INSERT INTO bot_notifications (ticket_id, channel, status, payload) SELECT id, 'ops', 'pending', '{}' FROM bot_tickets`.execute(
      before.db,
    );
    const { file } = await take(source, backupFolder());
    await before.stop();

    const target = await emptyDatabase();
    await restoreBackup(
      { url: target.url, actor },
      { file: file!, signal: new AbortController().signal },
    );
    const after = await startFlow(backend, all, { database: target, jobs: [deliver] });
    // What an old entry of the queue would do, which Redis may still have.
    await after.queue.add([{ id: run, generation: 1 }]);
    const planned = () =>
      after.db.selectFrom('bots').select('next_slot_at').executeTakeFirstOrThrow();
    await expect.poll(async () => (await planned()).next_slot_at, { timeout: 30_000 }).toBeTruthy();
    await makeDue(after.db, 'watch');
    await expect
      .poll(
        async () =>
          (
            await after.db
              .selectFrom('bot_executions')
              .select('id')
              .where('status', '=', 'success')
              .execute()
          ).length,
        { timeout: 60_000 },
      )
      .toBeGreaterThan(0);
    expect(done).toEqual(['check']);
    expect(received).toEqual([]);
    expect(await rowOf(after.db, run)).toMatchObject({ status: 'cancelled', reason: 'restored' });
    const { rows } = await sql`SELECT status, reason FROM bot_notifications`.execute(after.db);
    expect(rows).toContainEqual({ status: 'failed', reason: 'restored' });
    expect((await sql`SELECT FROM bot_actions`.execute(after.db)).rows).toEqual([]);
  }, 240_000);
});

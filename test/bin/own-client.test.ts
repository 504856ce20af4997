/** A catalogue that changes pg for the whole process changes neither the process that imports it nor its children. */
import { expect, test } from 'vitest';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { testDatabase } from '../support/database.ts';
import { makeDue, rowOf } from '../support/runs.ts';
import { install, roundsman } from '../support/installation.ts';

const checkout = install('parser-bots.ts');
const settled = { timeout: 30_000, interval: 50 };

test('the whole platform works as it does without it', async () => {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  const up = roundsman(checkout, { DATABASE_URL: url }, 'up');
  const bot = () =>
    db.selectFrom('bots').selectAll().where('name', '=', 'looks').executeTakeFirst();
  await expect.poll(async () => (await bot())?.next_slot_at, settled).toBeInstanceOf(Date);
  await makeDue(db, 'looks');
  const bySchedule = () =>
    db
      .selectFrom('bot_executions')
      .select(['status', 'error_message'])
      .where('trigger', '=', 'schedule')
      .orderBy('queued_at')
      .executeTakeFirst();
  await expect.poll(bySchedule, settled).toEqual({ status: 'success', error_message: null });
  for (const name of ['changes', 'looks']) {
    const row = db.selectFrom('bots').select('id').where('name', '=', name);
    const { id } = await queueManualRun(db, (await row.executeTakeFirstOrThrow()).id);
    await expect
      .poll(async () => (await rowOf(db, id)).status, settled)
      .not.toMatch(/queued|running/);
    expect(await rowOf(db, id), name).toMatchObject({ status: 'success', error_message: null });
  }
  expect(await db.selectFrom('bots').select(['name', 'status']).orderBy('name').execute()).toEqual([
    { name: 'changes', status: 'active' },
    { name: 'looks', status: 'active' },
  ]);
  const doctor = roundsman(checkout, { DATABASE_URL: url }, 'doctor');
  // With a canary, which passes through the same parts as a run.
  expect(await doctor.ended, doctor.heard.out).toBe(0);
  up.child.kill('SIGTERM');
  await up.ended;
  expect(up.heard.out).not.toMatch(/getTime|failed|TypeError/);
}, 90_000);

import { beforeEach, expect, test } from 'vitest';
import { runEarly } from '../../bots/remedies/run.early.ts';
import { NotAppliedError } from '../../src/bot.ts';
import { applyRemedy } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeEach(async () => {
  ({ db } = await testDatabase());
});

const now = new Date('2026-03-04T14:30:00Z');
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);

async function plantBot(status: 'active' | 'paused' | 'disabled' = 'active') {
  const row = {
    name: 'sentinel',
    display_name: 'Sentinel',
    schedule_cron: '@daily',
    api_endpoint: '/api/bots/sentinel',
    status,
  };
  const { id } = await db.insertInto('bots').values(row).returning('id').executeTakeFirstOrThrow();
  return id;
}

const ran = (bot_id: string, minutes: number, trigger: 'manual' | 'verify' = 'manual') =>
  db
    .insertInto('bot_executions')
    .values({
      bot_id,
      status: 'success',
      trigger,
      started_at: minutesAgo(minutes),
      completed_at: minutesAgo(minutes),
    })
    .execute();
const apply = (params = {}) => applyRemedy(runEarly, db, { bot: 'sentinel', ...params }, { now });
const queued = async () =>
  (await db.selectFrom('bot_executions').selectAll().where('status', '=', 'queued').execute())
    .length;

test('queues one run, and none while that one waits', async () => {
  await ran(await plantBot(), 6);
  expect(await apply()).toMatchObject({
    summary: 'queued a run of sentinel',
    wasDone: false,
    isDone: true,
    after: { execution_id: expect.any(String) },
  });
  expect(await apply()).toMatchObject({
    summary: 'sentinel has a recent run already',
    wasDone: true,
    after: { execution_id: null },
  });
  expect(await queued()).toBe(1);
});

test('queues none where the bot has just looked; a run that only judges a cure is none', async () => {
  const id = await plantBot();
  await ran(id, 4);
  expect(await apply()).toMatchObject({ wasDone: true });
  expect(await queued()).toBe(0);
  expect(await apply({ minutes: 4 })).toMatchObject({ wasDone: false });
  expect(await queued()).toBe(1);
  await db.deleteFrom('bot_executions').execute();
  await ran(id, 1, 'verify');
  expect(await apply()).toMatchObject({ wasDone: false });
});

test('two at once queue one', async () => {
  await plantBot();
  await Promise.all([apply(), apply(), apply()]);
  expect(await queued()).toBe(1);
});

test.each(['paused', 'disabled'] as const)(
  'asks no bot that is %s, and none that is not there',
  async (status) => {
    await expect(apply()).rejects.toThrow('there is no bot sentinel');
    await plantBot(status);
    await expect(apply()).rejects.toThrow(NotAppliedError);
    expect(await queued()).toBe(0);
  },
);

/** Processes with different code: a run goes to a worker that knows its bot, and a bot whose code is gone is left off. */
import { expect, test } from 'vitest';
import { performRun } from '../../src/run/perform.ts';
import { heartbeat } from '../../src/maintain/heartbeat.ts';
import { planBots } from '../../src/schedule/plan.ts';
import { registerCode } from '../../src/schedule/register-code.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { backends } from '../support/backends.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { rowOf } from '../support/runs.ts';

const bot = (name: string) => aBot(name, async () => clean('x'));
const [older, newer] = [catalogue([bot('both')]), catalogue([bot('both'), bot('fresh')])];
const [backend] = backends;

async function scene() {
  const engine = await anEngine(backend!, older);
  const { db } = engine;
  await registerCatalogue(db, newer);
  const fresh = await db
    .selectFrom('bots')
    .selectAll()
    .where('name', '=', 'fresh')
    .executeTakeFirstOrThrow();
  const botRow = () =>
    db
      .selectFrom('bots')
      .select(['status', 'status_reason'])
      .where('name', '=', 'fresh')
      .executeTakeFirstOrThrow();
  const take = async () => {
    const { id, generation } = await queueManualRun(db, fresh.id);
    await performRun(engine, { id, generation, priority: 0 });
    return rowOf(db, id);
  };
  const worker = (id: string, bots: string[], role: 'worker' | 'scheduler' = 'worker') =>
    heartbeat(db, { id, role, places: 1, bots });
  return { engine, db, botRow, take, worker };
}

test('a run whose bot only another worker knows is queued again for later, and its attempt is not counted', async () => {
  const { take, worker, botRow } = await scene();
  await worker('new', ['both', 'fresh']);
  expect(await take()).toMatchObject({
    status: 'queued',
    attempt: 0,
    reason: 'given to other code',
    lease_until: null,
    run_after: expect.any(Date),
  });
  expect(await botRow()).toEqual({ status: 'active', status_reason: null });
});

test('where no worker knows the bot, its run fails; the start of one that does leads the bot out of the error', async () => {
  const { db, take, worker, botRow } = await scene();
  await worker('scheduler', ['fresh'], 'scheduler');
  expect(await take()).toMatchObject({ status: 'failed', reason: 'definition', attempt: 1 });
  expect(await botRow()).toEqual({
    status: 'error',
    status_reason: 'api_endpoint: /api/bots/fresh names no bot of the catalogue',
  });
  await worker('new', ['both', 'fresh']);
  expect(await registerCode(db, newer)).toEqual({ enabled: ['fresh'], leftOff: [] });
  expect(await botRow()).toEqual({ status: 'active', status_reason: null });
});

test('a scheduler plans a bot that only another process knows, by its schedule', async () => {
  const { db, worker, botRow } = await scene();
  await worker('new', ['both', 'fresh']);
  expect(await planBots(db, older)).toEqual({ planned: 2, refused: [], failed: [] });
  expect(await botRow()).toEqual({ status: 'active', status_reason: null });
});

test('a bot whose code no living process has is left off at a start, until its code is back', async () => {
  const { db, worker, botRow } = await scene();
  await worker('old', ['both', 'fresh']);
  await worker('new', ['both']);
  expect(await registerCode(db, older)).toEqual({ enabled: [], leftOff: [] });
  await db.deleteFrom('engine.nodes').where('id', '=', 'old').execute();
  expect(await registerCode(db, older)).toEqual({ enabled: [], leftOff: ['fresh'] });
  expect(await botRow()).toEqual({
    status: 'disabled',
    status_reason: expect.stringContaining('no process has its code: its file was removed'),
  });
  expect(await registerCode(db, older)).toEqual({ enabled: [], leftOff: [] });
  await worker('newest', ['both', 'fresh']);
  expect(await registerCode(db, newer)).toEqual({ enabled: ['fresh'], leftOff: [] });
  expect(await botRow()).toEqual({ status: 'active', status_reason: null });
});

test('what a person has disabled stays so, and an earlier version that does not say what it knows keeps bots', async () => {
  const { db, worker, botRow } = await scene();
  await worker('new', ['both']);
  await heartbeat(db, { id: 'earlier', role: 'worker', places: 1 });
  expect(await registerCode(db, older)).toEqual({ enabled: [], leftOff: [] });
  await db
    .updateTable('bots')
    .set({ status: 'disabled', status_reason: 'by ann' })
    .where('name', '=', 'fresh')
    .execute();
  expect(await registerCode(db, newer)).toEqual({ enabled: [], leftOff: [] });
  expect(await botRow()).toEqual({ status: 'disabled', status_reason: 'by ann' });
});

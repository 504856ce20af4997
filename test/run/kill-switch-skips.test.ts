/** Runs whose checks the mode forbids to look: they are skipped, and nothing counts against their bot. */
import { expect, test } from 'vitest';
import { queueSkippedSlots } from '../../src/transitions/runs/backfill.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { attempt, queuedRun, run } from '../support/runs.ts';

const postgres = { name: 'postgres' as const };
const off = 'not called: the mode is off';

const calls = aBot('calls', {
  one: async (_, { skip }) => skip(off, 'kill_switch'),
  two: async (_, { skip }) => skip(off, 'kill_switch'),
});

test('a run of which the mode forbade every check to look is skipped, at once and without a count', async () => {
  const engine = await anEngine(postgres, catalogue([calls]));
  expect(await run(engine, 'calls', { max_attempts: 3 })).toMatchObject({
    status: 'skipped',
    reason: 'kill_switch',
    error_message: off,
    attempt: 1,
    run_after: null,
    checks_performed: 0,
    completed_at: expect.any(Date),
    lease_until: null,
    metadata: { checks: [{ status: 'skipped', reason: off }, { status: 'skipped' }] },
  });
  const bot = await engine.db.selectFrom('bots').selectAll().executeTakeFirstOrThrow();
  expect(bot).toMatchObject({ total_runs: 0, successful_runs: 0, failed_runs: 0 });
});

test.each([
  ['another check had another reason', async (_: unknown, { skip }: any) => skip('no secret')],
  [
    'another check errored',
    async () => {
      throw new Error('broken');
    },
  ],
])('it is failed, and tried again, where %s', async (_, other) => {
  const bot = aBot('half', { one: calls.checks[0]!.run as never, other });
  const engine = await anEngine(postgres, catalogue([bot]));
  expect(await run(engine, 'half', { max_attempts: 3 })).toMatchObject({
    status: 'queued',
    attempt: 1,
  });
});

test('it is a success where another check looked', async () => {
  const bot = aBot('half', { one: calls.checks[0]!.run as never, other: async () => clean('x') });
  const engine = await anEngine(postgres, catalogue([bot]));
  expect(await run(engine, 'half')).toMatchObject({ status: 'success', checks_performed: 1 });
});

test('a slot that is made up for later is another attempt, which remote bots know by its number', async () => {
  const engine = await anEngine(postgres, catalogue([calls]));
  const scheduled_for = new Date('2026-01-05T12:00:00Z');
  const id = await queuedRun(engine.db, 'calls', { scheduled_for, trigger: 'schedule' });
  expect(await attempt(engine, id)).toMatchObject({ status: 'skipped', attempt: 1 });
  await engine.db
    .transaction()
    .execute((trx) => queueSkippedSlots(trx, { id, max_attempts: 3 }, [{ id }]));
  const row = await engine.db
    .selectFrom('bot_executions')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  expect(row).toMatchObject({
    status: 'queued',
    trigger: 'backfill',
    attempt: 1,
    max_attempts: 4,
    error_message: null,
    reason: null,
  });
});

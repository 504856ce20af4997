import { describe, expect, test } from 'vitest';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { botOf, finishAll, planned, scene, tick } from './due.ts';

/** `schedule queued`, `schedule skipped overlap`, ... in the order in which they were written. */
async function rows(db: Parameters<typeof tick>[0]): Promise<string[]> {
  const found = await db
    .selectFrom('bot_executions')
    .select(['trigger', 'status', 'reason'])
    .orderBy('queued_at')
    .orderBy('trigger')
    .execute();
  return found.map(({ trigger, status, reason }) =>
    [trigger, status, reason].filter(Boolean).join(' '),
  );
}

describe('a manual run', () => {
  test('has no slot, and moves none', async () => {
    const { db } = await scene();
    await planned(db, ['bot']);
    const before = await botOf(db, 'bot');
    const run = await queueManualRun(db, before.id);
    expect(run).toMatchObject({ trigger: 'manual', scheduled_for: null, status: 'queued' });
    expect(run.queued_at).toEqual(new Date('2026-03-02T00:00:30Z'));
    expect(await botOf(db, 'bot')).toEqual(before);
  });

  test('that is open makes the bot busy for its next slot', async () => {
    const { db, at } = await scene();
    await planned(db, ['bot']);
    await queueManualRun(db, (await botOf(db, 'bot')).id);
    await at('2026-03-02T00:01:00Z');
    await tick(db);
    await finishAll(db);
    await at('2026-03-02T00:02:00Z');
    await tick(db);
    expect(await rows(db)).toEqual([
      'manual success',
      'schedule skipped overlap',
      'schedule queued',
    ]);
  });

  test('is queued beside open runs, as often as a person asks', async () => {
    const { db, at } = await scene();
    await planned(db, ['bot']);
    await at('2026-03-02T00:01:00Z');
    await tick(db);
    const { id } = await botOf(db, 'bot');
    await at('2026-03-02T00:01:10Z');
    await Promise.all([queueManualRun(db, id), queueManualRun(db, id)]);
    expect(await rows(db)).toEqual(['schedule queued', 'manual queued', 'manual queued']);
  });

  test('is allowed while the bot is paused, because a person asked for it', async () => {
    const { db } = await scene();
    await planned(db, ['bot']);
    await db.updateTable('bots').set({ status: 'paused' }).execute();
    await queueManualRun(db, (await botOf(db, 'bot')).id);
    expect(await rows(db)).toEqual(['manual queued']);
  });
});

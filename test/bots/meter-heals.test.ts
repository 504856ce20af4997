/** Runaway heals are found by a run of the meter, and a person has the kill switch turned. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { meter } from '../../bots/meter.ts';
import { stopHealing } from '../../bots/remedies/healing.stop.ts';
import { readMode } from '../../src/data/bots/engine.ts';
import { meterFaults } from '../../src/demo/faults/meter.ts';
import { catalogue } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { run } from '../support/runs.ts';

test('the kill switch waits for a person, and is turned when they approve', async () => {
  const engine = await anEngine({ name: 'postgres' }, catalogue([meter], [stopHealing]));
  const { db } = engine;
  const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  await meterFaults.find(({ name }) => name === 'meter.runaway.heals')!.plant(db, rows[0]!.now);

  expect((await run(engine, 'meter')).status).toBe('success');
  expect(await readMode(db)).toMatchObject({ mode: 'safe' });
  const decisions = () =>
    db.selectFrom('bot_decisions').select(['verdict', 'gate']).orderBy('id').execute();
  expect(await decisions()).toMatchObject([{ verdict: 'suggested' }]);

  await db
    .updateTable('bot_decisions')
    .set({ answer: 'approved', answered_by: 'ann', answered_at: sql<Date>`engine.now()` })
    .execute();
  await run(engine, 'meter');
  expect(await readMode(db)).toMatchObject({
    mode: 'off',
    changed_by: 'roundsman',
    reason: 'the meter found runaway automation',
  });
  const action = await db
    .selectFrom('bot_actions')
    .select(['state', 'evidence'])
    .where('remedy', '=', 'healing.stop')
    .executeTakeFirstOrThrow();
  expect(action).toMatchObject({
    state: 'applied',
    evidence: { before: { mode: 'safe' }, after: { mode: 'off' } },
  });
});

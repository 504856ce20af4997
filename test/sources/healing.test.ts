/** Findings of incoming alarms heal as all others do: only what the sender says judges a cure. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { hold as conclude } from '../../src/transitions/actions/hold.ts';
import type { Db } from '../../src/database/connect.ts';
import { aBot, aRemedy, clean, entry } from '../support/builders.ts';
import { attempt, nothingHeldOut } from '../support/runs.ts';
import { sourceScene } from './scene.ts';

const hour = 3_600;

async function healingScene() {
  const applied: string[] = [];
  const remedies = [aRemedy('queue.restart', async () => applied.push('queue'))];
  const bots = [
    aBot('other', async () => clean('nothing'), {
      knowledge: [entry('restart', 'steps:\n  - remedy: queue.restart', { category: 'alarm' })],
    }),
  ];
  const scene = await sourceScene({ bots, remedies, config: { max_age_hours: 168 } });
  await nothingHeldOut(scene.db);
  const move = await scene.movable();
  return {
    ...scene,
    applied,
    move,
    states: async () =>
      (await scene.db.selectFrom('bot_actions').select('state').orderBy('taken_at').execute()).map(
        ({ state }) => state,
      ),
    /** Carries out the queued run that judges the cure. */
    async judge() {
      const run = await scene.db
        .selectFrom('bot_executions')
        .select('id')
        .where('trigger', '=', 'verify')
        .where('status', '=', 'queued')
        .executeTakeFirstOrThrow();
      return attempt(scene.engine, run.id);
    },
  };
}

describe('a remedy after an alarm', () => {
  test('is not judged before the sender has said something, and held when it stays resolved', async () => {
    const { alarm, round, applied, states, findings, move, slot, db } = await healingScene();
    await alarm('queue', 'firing', { severity: 'low' });
    await round();
    expect(applied).toEqual(['queue']);
    expect(await states()).toEqual(['applied']);
    expect(await findings()).toMatchObject([{ resolved_at: null }]);
    await slot();
    expect(await states()).toEqual(['applied']);
    await alarm('queue', 'resolved');
    await round();
    expect(await states()).toEqual(['verified']);
    expect(await findings()).toMatchObject([{ resolution_method: 'auto-fixed' }]);
    await move(hour / 2);
    await slot();
    await hold(db);
    expect(await states()).toEqual(['verified']);
    await move(hour);
    await slot();
    await hold(db);
    expect(await states()).toEqual(['held']);
  });

  test('has relapsed when the alarm fires again within the hold window', async () => {
    const { alarm, round, states, move } = await healingScene();
    await alarm('queue', 'firing', { severity: 'low' });
    await round();
    await alarm('queue', 'resolved');
    await round();
    await move(hour / 2);
    await alarm('queue', 'firing', { severity: 'low' });
    await round();
    expect((await states())[0]).toBe('relapsed');
  });

  test('is undecided when the sender says nothing for a day, and the finding stays open', async () => {
    const { alarm, round, states, move, judge, findings } = await healingScene();
    await alarm('queue', 'firing', { severity: 'low' });
    await round();
    await move(2 * hour);
    await judge();
    expect(await states()).toEqual(['applied']);
    await move(23 * hour);
    await judge();
    expect(await states()).toEqual(['undecided']);
    expect(await findings()).toMatchObject([{ resolved_at: null, unexamined_since: null }]);
  });
});

/** As the timer that settles does. */
const hold = (db: Db) => conclude(db, 100);

test('an alarm about a component whose parent has an open finding stands behind it', async () => {
  const { alarm, round, db } = await sourceScene({
    config: { depends_on: { shop: ['database'] } },
  });
  await alarm('database', 'firing', { severity: 'critical' });
  await round();
  await alarm('shop', 'firing', { severity: 'high' });
  await round();
  const { rows } = await sql<{ component: string; behind: boolean }>`
    SELECT affected_component AS component, suppressed_by IS NOT NULL AS behind FROM bot_findings ORDER BY 1`.execute(
    db,
  );
  expect(rows).toEqual([
    { component: 'database', behind: false },
    { component: 'shop', behind: true },
  ]);
  const tickets = await db.selectFrom('bot_tickets').select(['title', 'severity']).execute();
  expect(tickets).toMatchObject([{ severity: 'critical' }]);
});

test('a hundred alarms at once are a hundred findings behind a flood, and no storm', async () => {
  const { send, round, findings, db } = await sourceScene();
  const alarms = Array.from({ length: 100 }, (_, n) => ({
    key: `k${n}`,
    state: 'firing',
    severity: 'low',
  }));
  expect(await send({ alarms })).toBe(202);
  expect(await send({ alarms: [...alarms, { key: 'one more', state: 'firing' }] })).toBe(400);
  await round();
  expect(await findings()).toHaveLength(101);
  const storms = await db
    .selectFrom('bot_tickets')
    .select('id')
    .where('fingerprint', 'like', 'storm%')
    .execute();
  expect(storms).toEqual([]);
});

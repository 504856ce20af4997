import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { dropOldPlans } from '../../src/database/drop-old-plans.ts';
import { testDatabase } from '../support/database.ts';
import { aDatabase, aRunWriter, endWithBrokenDisk, underWay } from '../run/group-commit-runs.ts';
import { aWire } from '../run/group-commit-wire.ts';

test('plans of a growing table are made again when they are 2 s old, and not before', async () => {
  const { url } = await testDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(`
    SET plan_cache_mode = force_generic_plan;
    CREATE TEMP TABLE young (id int);
    PREPARE look AS SELECT FROM young`);
  // As many rows as the planner expected when the plan was made.
  const planned = async () => {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>('EXPLAIN EXECUTE look');
    return /rows=(\d+)/.exec(rows[0]!['QUERY PLAN'])?.[1];
  };
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  dropOldPlans(client);
  let before = await planned();
  const anew = [];
  for (let seconds = 0.5; seconds <= 7; seconds += 0.5) {
    vi.advanceTimersByTime(500);
    await client.query('INSERT INTO young SELECT generate_series(1, 2000)');
    dropOldPlans(client);
    const now = await planned();
    if (now !== before) anew.push(seconds);
    before = now;
  }
  expect(anew).toEqual([2, 4, 6]);
});

test('the writer has its plans made again', async () => {
  const { db, url } = await aDatabase(1);
  const wire = await aWire(url);
  const writer = aRunWriter(wire.url);
  const runs = await underWay(db, 6);
  const began = performance.now();
  const clock = vi.spyOn(performance, 'now').mockReturnValue(began);
  onTestFinished(() => void vi.restoreAllMocks());
  await endWithBrokenDisk(writer, runs.shift()!);
  wire.arm({ before: 'DISCARD PLANS' });
  clock.mockReturnValue(began + 1_999);
  await endWithBrokenDisk(writer, runs.shift()!);
  expect(wire.cuts()).toBe(0);
  // A flush takes any of its connections: by now each has plans of that age, or none yet.
  clock.mockReturnValue(began + 4_000);
  for (const run of runs) if (wire.cuts() === 0) await endWithBrokenDisk(writer, run);
  expect(wire.cuts()).toBe(1);
});

import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { planAnew } from '../../src/run/group-commit/plan-anew.ts';
import { testDatabase } from '../support/database.ts';
import { aDatabase, aLedger, endWithBrokenDisk, underWay } from './group-commit-runs.ts';
import { aWire } from './group-commit-wire.ts';

test('plans of a growing table are made again after 1, 2, 4, 8 and 16 uses of their connection', async () => {
  const { url } = await testDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(`
    SET plan_cache_mode = force_generic_plan;
    CREATE TEMP TABLE young (id int);
    PREPARE look AS SELECT FROM young`);
  // As many rows as there were thought to be when the plan was made.
  const planned = async () => {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>('EXPLAIN EXECUTE look');
    return /rows=(\d+)/.exec(rows[0]!['QUERY PLAN'])?.[1];
  };
  let before = await planned();
  const anew = [];
  for (let use = 1; use <= 20; use++) {
    await client.query('INSERT INTO young SELECT generate_series(1, 5000)');
    planAnew(client);
    const now = await planned();
    if (now !== before) anew.push(use);
    before = now;
  }
  expect(anew).toEqual([1, 2, 4, 8, 16]);
});

test('the ledger has its plans made again', async () => {
  const { db, url } = await aDatabase(1);
  const wire = await aWire(url);
  wire.arm({ before: 'DISCARD PLANS' });
  const [run] = await underWay(db);
  await endWithBrokenDisk(aLedger(wire.url), run!);
  expect(wire.cuts()).toBe(1);
});

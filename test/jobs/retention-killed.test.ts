/** A process that removes old rows is killed again and again: the next run goes on, and nothing was counted twice or lost. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { previewRetention } from '../../src/services/retention/preview.ts';
import { testDatabase } from '../support/database.ts';
import { needed, plant } from './retention-plants.ts';
import { addLogs, countAll, grouped, retained, rolledUp } from './retention-scene.ts';

const script = fileURLToPath(new URL('retention-until-killed.ts', import.meta.url));

test('killed at ten moments: what goes in the end is what one run would have removed, and each row of it is counted once', async () => {
  const { db, url } = await testDatabase();
  await plant(db, 4);
  for (const days of [95, 96, 97, 98]) await addLogs(db, 'api_logs', days, 10_000);
  await rolledUp(db);
  await grouped(db);
  const isCounted = sql`created_at < date_trunc('day', engine.now() - interval '90 days', 'UTC')
    AND created_at >= date_trunc('day', engine.now() - interval '400 days', 'UTC')`;
  const perDay = async (query: ReturnType<typeof sql>) =>
    (
      await sql<{
        day: string;
      }>`SELECT day || ' ' || events AS day FROM (${query}) d ORDER BY 1`.execute(db)
    ).rows;
  const expected = await perDay(sql`
    SELECT date_trunc('day', created_at, 'UTC') AS day, count(*) AS events FROM api_logs WHERE ${isCounted} GROUP BY 1`);
  const [before, keep, preview] = [
    await countAll(db),
    await needed(db),
    await previewRetention(db),
  ];
  const rowsLeft = async () =>
    Object.values(await countAll(db)).reduce((sum, rows) => sum + rows, 0);
  let left = await rowsLeft();
  for (let nth = 0; nth < 10; nth += 1) {
    const child = spawn(process.execPath, [script, url], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = once(child, 'exit');
    // In the middle: it has removed something, and is not done.
    await expect.poll(rowsLeft, { timeout: 60_000, interval: 5 }).toBeLessThan(left);
    await sleep(nth * 15);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    left = await rowsLeft();
  }
  const last = await retained(db);
  expect(last.removed).toBeGreaterThan(0);
  expect(last.left).toBeUndefined();
  expect(await needed(db)).toEqual(keep);
  const after = await countAll(db);
  for (const [table, rows] of Object.entries(before).filter(([name]) => name !== 'bot_metrics'))
    expect([table, rows - after[table]!]).toEqual([
      table,
      preview.tables.find((each) => each.table === table)!.rows,
    ]);
  const counted = sql`
    SELECT starts_at AS day, sum(events) AS events FROM engine.rollups WHERE kind = 'endpoint' AND period = 'day' GROUP BY 1`;
  expect(await perDay(counted)).toEqual(expected);
  expect((await retained(db)).removed).toBe(0);
}, 240_000);

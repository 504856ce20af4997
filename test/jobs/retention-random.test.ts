/** Random platforms: what has to stay stays, each row that is gone was counted, and a second run removes nothing. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { previewRetention } from '../../src/services/retention/preview.ts';
import { testDatabase } from '../support/database.ts';
import { needed, perDay, plant } from './retention-plants.ts';
import { countAll, retained } from './retention-scene.ts';

test.each([1, 2, 3, 4])('what something needs stays (seed %i)', async (seed) => {
  const { db } = await testDatabase();
  await plant(db, seed);
  // Everything older than 95 days that is younger than the figures are kept has to be in them afterwards.
  const { rows: old } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM api_logs WHERE created_at < date_trunc('day', engine.now() - interval '90 days', 'UTC')
      AND created_at >= date_trunc('day', engine.now() - interval '400 days', 'UTC')`.execute(db);
  const [before, keep] = [await countAll(db), await needed(db)];
  const preview = await previewRetention(db);
  const first = await retained(db);
  expect(first.left).toBeUndefined();
  const after = await countAll(db);
  expect(await needed(db)).toEqual(keep);
  // No row went by a cascade: what is gone is what was counted.
  // Days of runs that are added up first get rows of bot_metrics.
  for (const [table, rows] of Object.entries(before).filter(([name]) => name !== 'bot_metrics'))
    expect([table, rows - after[table]!]).toEqual([table, first.tables![table]]);
  for (const { table, rows } of preview.tables.filter(
    ({ table: name }) => first.tables![name] !== undefined,
  ))
    expect([table, first.tables![table]]).toEqual([table, rows]);
  expect(first.removed).toBeGreaterThan(100);
  const days = await perDay(db);
  const { rows: events } = await sql<{ sum: number }>`
    SELECT coalesce(sum(events), 0)::int AS sum FROM engine.rollups WHERE kind = 'endpoint' AND period = 'day'`.execute(
    db,
  );
  expect(events[0]!.sum).toBe(old[0]!.count);
  expect((await retained(db)).removed).toBe(0);
  expect(await perDay(db)).toEqual(days);
});

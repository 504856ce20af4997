/** The job maintenance in real workers, of which one is killed while it rebuilds an index. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import { requestJob } from '../../src/transitions/jobs/request.ts';
import { jobRow } from '../jobs/job-flow.ts';
import { install, roundsman, type Running } from '../support/installation.ts';
import { aDatabase, aTable, busy, invalidIndexes, session } from '../upkeep/scene.ts';

const checkout = install('slow-bots.ts');
const settled = { timeout: 30_000, interval: 50 };

const started = (worker: Running) =>
  expect.poll(() => worker.lines().map(({ msg }) => msg), settled).toContain('started');

test('a worker that is killed in the middle of a rebuild leaves an invalid index; the one that takes over removes it and rebuilds', async () => {
  const { db, url } = await aDatabase();
  await migrateQueue(url);
  const start = () => roundsman(checkout, { DATABASE_URL: url }, 'worker');
  const ask = () => requestJob(db, { name: 'maintenance', maxAttempts: 3 }, { minutes: 10 }, 'ann');
  const killed = start();
  await started(killed);
  await aTable(db, 'orders', 210_000);
  const first = await ask();
  await expect.poll(() => jobRow(db, first), settled).toMatchObject({ status: 'success' });
  await sql`UPDATE engine.index_sizes SET best_bytes = best_bytes / 3 WHERE index_name = 'orders_key'`.execute(
    db,
  );

  // A transaction that has written keeps the rebuild waiting.
  const writer = await session(url);
  await writer.query('BEGIN');
  await writer.query('UPDATE orders SET id = id WHERE id = 1');
  const run = await ask();
  await expect
    .poll(busy(db), settled)
    .toEqual(['REINDEX INDEX CONCURRENTLY "public"."orders_key"']);
  killed.child.kill('SIGKILL');
  await expect.poll(busy(db), settled).toEqual([]);
  expect(await invalidIndexes(db)).toEqual(['orders_key_ccnew']);
  await writer.query('COMMIT');

  const other = start();
  await started(other);
  await expect
    .poll(() => jobRow(db, run), settled)
    .toMatchObject({
      status: 'success',
      attempt: 2,
      requested_by: 'ann',
      figures: { ended: 'done', removed_leftovers: 1, rebuilt: 1 },
    });
  expect(await invalidIndexes(db)).toEqual([]);
  const known = await db
    .selectFrom('engine.index_sizes')
    .selectAll()
    .where('index_name', '=', 'orders_key')
    .executeTakeFirstOrThrow();
  expect(known).toMatchObject({ rebuilding_since: null, rebuilt_at: expect.any(Date) });
  expect(known.best_bytes).toBe(known.bytes);
  const { rows } = await sql`SELECT FROM bot_maintenance WHERE occurrences @> engine.now()`.execute(
    db,
  );
  expect(rows).toEqual([]);
}, 120_000);

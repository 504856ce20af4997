/** Two workers of which one is killed while it removes rows. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import { requestJob } from '../../src/transitions/jobs/request.ts';
import { jobRow } from '../jobs/job-flow.ts';
import { addLogs, grouped, rolledUp } from '../jobs/retention-scene.ts';
import { testDatabase } from '../support/database.ts';
import { install, roundsman } from '../support/installation.ts';

const checkout = install('slow-bots.ts');
const settled = { timeout: 100_000, interval: 20 };

test('a worker that is killed in the middle is replaced by another, each row is counted once, and a second run does not run beside the first', async () => {
  const { db, url } = await testDatabase();
  await migrateQueue(url);
  const rows = 30_000;
  for (const days of [95, 96, 97]) await addLogs(db, 'api_logs', days, rows / 3);
  await rolledUp(db);
  await grouped(db);
  const workers = [0, 1].map(() => roundsman(checkout, { DATABASE_URL: url }, 'worker'));
  for (const worker of workers)
    await expect.poll(() => worker.lines().map(({ msg }) => msg), settled).toContain('started');
  const ask = () => requestJob(db, { name: 'retention', maxAttempts: 3 }, {});
  const [first, second] = [await ask(), await ask()];
  const left = async () =>
    (await sql<{ count: number }>`SELECT count(*)::int AS count FROM api_logs`.execute(db)).rows[0]!
      .count;
  const running = async () =>
    (
      await sql<{
        id: string;
        pid: number;
      }>`SELECT r.id, n.pid FROM engine.job_runs r JOIN engine.nodes n ON n.id = r.worker
      WHERE r.job = 'retention' AND r.status = 'running'`.execute(db)
    ).rows;
  await expect.poll(left, settled).toBeLessThan(rows);
  const begun = await running();
  expect(begun).toHaveLength(1);
  process.kill(begun[0]!.pid, 'SIGKILL');
  const atKill = await left();
  expect(atKill).toBeGreaterThan(0);
  for (const id of [first, second])
    await expect.poll(async () => (await jobRow(db, id)).status, settled).toBe('success');
  expect((await jobRow(db, begun[0]!.id)).attempt).toBe(2);
  expect(await left()).toBe(0);
  const { rows: sums } = await sql`
    SELECT sum(events)::int AS events FROM engine.rollups WHERE kind = 'endpoint' AND period = 'day'`.execute(
    db,
  );
  expect(sums).toEqual([{ events: rows }]);
}, 240_000);

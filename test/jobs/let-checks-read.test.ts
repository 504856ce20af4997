import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { letChecksReadJob } from '../../jobs/let-checks-read.ts';
import { connect } from '../../src/database/connect.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { backends, type Backend } from '../support/backends.ts';
import { startFlow } from '../support/engine.ts';
import { aRun, carried, noBots } from './job-flow.ts';

const [postgres] = backends as [Backend];

test('tables and sequences that the platform makes while the engine runs become readable to checks', async () => {
  const { db, url, jobEngine } = await startFlow(postgres, noBots, {
    jobs: [letChecksReadJob],
    roles: ['scheduler'],
  });
  await registerJobs(db, [letChecksReadJob]);
  const reader = connect(url, { max: 1, readOnly: true });
  onTestFinished(() => reader.destroy());
  const orders = async () =>
    (await sql<{ count: number }>`SELECT count(*)::int AS count FROM orders`.execute(reader))
      .rows[0]!.count;

  await sql`CREATE TABLE orders AS SELECT generate_series(1, 3) AS id`.execute(db);
  await sql`ALTER TABLE orders ENABLE ROW LEVEL SECURITY`.execute(db);
  expect(await orders()).toBe(0);
  const sequences = sql<{ readable: boolean }>`
    SELECT has_sequence_privilege('roundsman_reader', 'numbers', 'SELECT') AS readable`;
  await sql`CREATE SEQUENCE numbers`.execute(db);
  expect((await sequences.execute(db)).rows).toEqual([{ readable: true }]);
  await sql`REVOKE ALL ON SEQUENCE numbers FROM roundsman_reader`.execute(db);

  expect(await carried(jobEngine, await aRun(db, letChecksReadJob))).toMatchObject({
    status: 'success',
  });
  expect(await orders()).toBe(3);
  expect((await sequences.execute(db)).rows).toEqual([{ readable: true }]);

  // Where a table is in use, users do not queue behind the job.
  await sql`CREATE TABLE busy AS SELECT 1 AS id`.execute(db);
  await sql`ALTER TABLE busy ENABLE ROW LEVEL SECURITY`.execute(db);
  const user = connect(url, { max: 1 });
  onTestFinished(() => user.destroy());
  await user.transaction().execute(async (trx) => {
    await sql`SELECT FROM busy`.execute(trx);
    const row = await carried(jobEngine, await aRun(db, letChecksReadJob));
    expect(row).toMatchObject({
      status: 'queued',
      error_message: expect.stringContaining('lock timeout'),
    });
  });
});

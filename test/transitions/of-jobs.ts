/** Transactions of runs of jobs. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { removeOldJobRuns } from '../../src/data/bots/job-runs.ts';
import { removeBatch } from '../../src/data/retention/remove-batch.ts';
import { retainedTables } from '../../src/data/retention/tables/index.ts';
import { expireOutlived, readOutlived } from '../../src/data/credits/outlived.ts';
import { rankPage } from '../../src/data/games/ranks.ts';
import { beginHoldingBack } from '../../src/data/maintenance/hold-back.ts';
import { underJobFence } from '../../src/run/jobs/under-job-fence.ts';
import { cancelJobRun } from '../../src/transitions/jobs/cancel.ts';
import { claimSlot } from '../../src/transitions/jobs/claim-slot.ts';
import { endCancelledJobs } from '../../src/transitions/jobs/end-cancelled.ts';
import { endLostJobs } from '../../src/transitions/jobs/end-lost.ts';
import { endJob } from '../../src/transitions/jobs/end.ts';
import { giveBackJobs } from '../../src/transitions/jobs/give-back.ts';
import { queueJobsAgain } from '../../src/transitions/jobs/queue-again.ts';
import { requestJob } from '../../src/transitions/jobs/request.ts';
import { renewJobLeases } from '../../src/transitions/jobs/renew-lease.ts';
import { retryJob } from '../../src/transitions/jobs/retry.ts';
import { startJob } from '../../src/transitions/jobs/start.ts';
import { takeOverJobs } from '../../src/transitions/jobs/take-over.ts';
import { jobRun, type Transactions } from './given.ts';

export const ofJobs: Transactions = {
  'claim a slot of a job': async ({ db }) => {
    const { rows } = await sql<{
      since: string;
    }>`SELECT last_slot_at::text AS since FROM engine.jobs`.execute(db);
    return claimSlot(db, {
      job: 'tidy',
      concurrency: 1,
      maxAttempts: 3,
      since: rows[0]!.since,
      slot: new Date(),
      missed: null,
    });
  },
  'start a run of a job': ({ db }) =>
    db
      .transaction()
      .execute((trx) =>
        startJob(trx, { id: jobRun(4).id, generation: 1 }, { name: 'tidy', concurrency: 9 }, 'w'),
      ),
  'end a run of a job': ({ db }) =>
    endJob(db, jobRun(1), { status: 'success', reason: null, error: null, figures: null }),
  'retry a run of a job': ({ db }) =>
    retryJob(db, jobRun(1), { reason: null, error: null, figures: null, delayMs: 1 }),
  'commit under the fence of a job': ({ db }) =>
    underJobFence(db, jobRun(1), (trx) =>
      removeOldJobRuns(trx, { days: 1, runs: 1, successes: 1 }),
    ),
  'remove old rows': ({ db }) =>
    underJobFence(db, jobRun(1), async (trx) => {
      for (const table of retainedTables)
        await removeBatch(trx, table, {
          after: null,
          before: sql`engine.now()`,
          limit: 500,
          cleared: null,
        });
    }),
  'renew leases of jobs': ({ db }) =>
    renewJobLeases(
      db,
      [jobRun(2), jobRun(1)].map((run) => ({ ...run, figures: () => null })),
    ),
  'give runs of jobs back': ({ db }) => giveBackJobs(db, [jobRun(1)]),
  'queue runs of jobs again': ({ db }) =>
    queueJobsAgain(db, [{ kind: 'job', id: jobRun(4).id, generation: 1 }]),
  'take runs of jobs over': ({ db }) => takeOverJobs(db, 100),
  'end lost runs of jobs': ({ db }) => endLostJobs(db, 100),
  'end cancelled runs of jobs': ({ db }) => endCancelledJobs(db, 100),
  'cancel a run of a job': ({ db }) => cancelJobRun(db, jobRun(1).id),
  'request a run of a job': ({ db }) => requestJob(db, { name: 'tidy', maxAttempts: 3 }),
  'rank scores': ({ db }) =>
    underJobFence(db, jobRun(1), (trx) => rankPage(trx, randomUUID(), null, 5_000)),
  'end subscriptions': ({ db }) =>
    underJobFence(db, jobRun(1), async (trx) => {
      const grace = { period: new Date(), pastDue: new Date() };
      const ids = await readOutlived(trx, grace, '{}', { after: null, limit: 500 });
      return expireOutlived(trx, grace, '{}', ids);
    }),
  'hold back while tables are worked on': ({ db }) =>
    beginHoldingBack(db, {
      id: '0000000a-0000-0000-0000-000000000001',
      until: new Date(Date.now() + 3_600_000),
      severities: ['low'],
    }),
};

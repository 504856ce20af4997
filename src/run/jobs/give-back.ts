import { setTimeout as sleep } from 'node:timers/promises';
import { giveBackJobs } from '../../transitions/jobs/give-back.ts';
import type { JobEngine } from './job-engine.ts';
import type { JobRun } from './job-run.ts';

/** A row that a transaction of its run still holds is asked for again, for less than a stop waits for all of it. */
const answerTimeoutMs = 4_500;
const pauseMs = 100;

/**
 * Gives runs of jobs back that a drain could not wait for: `queued` again, the attempt not counted. They are stopped
 * first, so that none begins a transaction any more. Resolves with how many were given back; the leases of the others
 * run out.
 */
export async function giveBack(
  { db, queue }: Pick<JobEngine, 'db' | 'queue'>,
  runs: JobRun[],
): Promise<number> {
  for (const run of runs) run.stop('drain');
  const until = performance.now() + answerTimeoutMs;
  let given = 0;
  while (given < runs.length) {
    const entries = await giveBackJobs(db, runs);
    given += entries.length;
    // A queue that is away must not keep the rest: rescue finds rows without an entry.
    await queue.add(entries).catch(() => {});
    if (given === runs.length || performance.now() > until || !(await anyHeld(db, runs))) break;
    await sleep(pauseMs);
  }
  return given;
}

async function anyHeld(db: JobEngine['db'], runs: JobRun[]): Promise<boolean> {
  const held = await db
    .selectFrom('engine.job_runs')
    .select('id')
    .where('status', '=', 'running')
    .where('cancel_requested_at', 'is', null)
    .where((row) => row.or(runs.map(({ id, fence }) => row.and({ id, fence }))))
    .executeTakeFirst();
  return held !== undefined;
}

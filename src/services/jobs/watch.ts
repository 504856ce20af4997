import { setTimeout as sleep } from 'node:timers/promises';
import { jobRunOf, type JobRunRow } from '../../data/bots/job-runs.ts';
import type { Db } from '../../database/connect.ts';
import { NotFoundError } from '../../ground/errors.ts';

const pollMs = 250;

/** Resolves with the row of a job's run when it has ended; with null if the signal aborts first. */
export async function untilJobEnded(
  db: Db,
  { run: id, signal }: { run: string; signal: AbortSignal },
): Promise<JobRunRow | null> {
  while (!signal.aborted) {
    const run = await jobRunOf(db, id);
    if (run === null)
      throw new NotFoundError({
        what: `the run ${id} is not there any more`,
        why: 'its row was removed while this command waited for its end',
        hint: '`npx roundsman jobs history <name>` shows the runs that are kept',
      });
    if (run.completed_at) return run;
    await sleep(pollMs, undefined, { signal }).catch(() => {});
  }
  return null;
}

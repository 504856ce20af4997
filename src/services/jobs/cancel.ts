import { jobRunOf, type JobRunRow } from '../../data/bots/job-runs.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { shortId, storable, time } from '../../ground/text.ts';
import { cancelJobRun as cancel } from '../../transitions/jobs/cancel.ts';
import { authorise, type Actor } from '../actor.ts';
import { jobRunIdOf } from '../references/by-id.ts';

/** The run of a job has ended: there is nothing to stop. */
export class JobRunEndedError extends RoundsmanError {}

export interface CancelledJobRun {
  run: JobRunRow;
  /** the time of an earlier request to stop; null when there was none */
  askedBefore: Date | null;
}

/**
 * Ends a queued run of a job, or asks a running one to stop; its worker does so within 2 s. For operators. Throws NotFoundError,
 * AmbiguousIdError, {@link JobRunEndedError}.
 */
export async function cancelJobRun(
  { db, actor }: { db: Db; actor: Actor },
  { run: given }: { run: string },
): Promise<CancelledJobRun> {
  authorise(actor, 'cancel runs of jobs', 'operator');
  const id = await jobRunIdOf(db, given);
  const before = await jobRunOf(db, id);
  const status = await cancel(db, id, storable(actor.name));
  const run = (await jobRunOf(db, id))!;
  if (status !== null) return { run, askedBefore: before?.cancel_requested_at ?? null };
  throw new JobRunEndedError({
    what: `run ${shortId(id)} of ${run.job} cannot be cancelled`,
    why: `it ended as ${run.status} at ${time(run.completed_at)} UTC`,
    hint: `\`npx roundsman jobs history ${run.job}\` shows its runs`,
  });
}

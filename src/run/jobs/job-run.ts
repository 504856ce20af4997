import { JobStoppedError, type Figures, type Job, type JobStop } from '../../contract/job.ts';
import type { StartedJob } from '../../transitions/jobs/start.ts';

/** One start of one row of `engine.job_runs`: the value that passes through every step. */
export interface JobRun {
  id: string;
  fence: string;
  job: Job;
  attempt: number;
  maxAttempts: number;
  scheduledFor: Date | null;
  /** as it was requested; it is checked against what the job accepts before the handler is called */
  payload: unknown;
  /** what the attempts before this one have recorded; null where they have recorded nothing */
  earlier: Figures | null;
  /** Aborted with a {@link JobStoppedError} as its reason. */
  signal: AbortSignal;
  stop(why: JobStop): void;
  /** what it has done until now, with what earlier attempts did, as JSON; null: nothing is known. Its row has it while it runs, too. */
  figures(): string | null;
}

export function jobRunOf(row: StartedJob, job: Job): JobRun {
  const controller = new AbortController();
  return {
    id: row.id,
    fence: row.fence,
    job,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    scheduledFor: row.scheduled_for,
    payload: row.payload,
    earlier: row.figures as Figures | null,
    signal: controller.signal,
    stop: (why) => controller.abort(new JobStoppedError(why)),
    figures: () => null,
  };
}

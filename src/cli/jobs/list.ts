import { printable } from '../../ground/text.ts';
import { listJobs as list, type JobRunRow, type ListedJob } from '../../services/jobs/list.ts';
import { loadJobs } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { duration, json, relative, state, time } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/** How long a run took that has ended; `-` before, and where it never started. */
export const tookOf = ({ started_at, completed_at }: JobRunRow): string =>
  duration(
    started_at && completed_at ? Math.max(0, completed_at.getTime() - started_at.getTime()) : null,
  );

/** `success 5m ago`, `running 3s ago` */
export const outcomeOf = (run: JobRunRow | null, now: Date): string =>
  run
    ? `${state(run.status)} ${relative(run.completed_at ?? run.started_at ?? run.queued_at, now)}`
    : '-';

/** When it runs next; a schedule that the code here does not know says nothing. */
export const nextOf = ({ title, next_slot_at }: ListedJob, now: Date): string =>
  next_slot_at
    ? `${relative(next_slot_at, now)}, ${time(next_slot_at).slice(0, 16)}`
    : title === null
      ? 'not known here'
      : 'when asked for';

export const listJobs = (options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { jobs, now } = await list({ db, jobs: await loadJobs() });
    if (options.json)
      return json(
        jobs.map(({ newest, ...job }) => ({ ...job, job_runs: newest === null ? [] : [newest] })),
      );
    table(
      ['Job', 'What', 'Schedule', 'Next (UTC)', 'Last run', 'Took', 'Failed'],
      jobs.map((job) => [
        printable(job.name),
        job.title ?? '-',
        job.schedule ?? '-',
        nextOf(job, now),
        outcomeOf(job.newest, now),
        job.newest ? tookOf(job.newest) : '-',
        `${job.failures} of ${job.runs}`,
      ]),
      'No jobs.',
      ['Schedule', 'What'],
    );
  });

import { printable } from '../../ground/text.ts';
import { listJobs as read, type JobRunRow, type ListedJob } from '../../services/jobs/list.ts';
import { loadJobs } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, type Column } from '../listing/list.ts';
import { duration, relative, state } from '../terminal/print.ts';
import { inOwnZone, time, upcoming } from '../terminal/times.ts';

/** How long a run took; null until it has ended, and where it never started. */
export const millisecondsOf = ({ started_at, completed_at }: JobRunRow): number | null =>
  started_at && completed_at ? Math.max(0, completed_at.getTime() - started_at.getTime()) : null;

/** How long a run took, in words; `-` where that is null. */
export const durationOf = (run: JobRunRow): string => duration(millisecondsOf(run));

const inText = (count: number | null): string | null => (count === null ? null : String(count));

/** `success 5m ago`, `running 3s ago` */
export const outcomeOf = (run: JobRunRow | null, now: Date): string =>
  run ? `${state(run.status)} ${relative(endOf(run), now)}` : '-';

/** Its last time: of a run that has not ended, when it began. */
const endOf = (run: JobRunRow) => run.completed_at ?? run.started_at ?? run.queued_at;

/** When it runs next; `not known here` for a job that this version does not have. */
export function nextOf({ title, next_slot_at, why_no_slots }: ListedJob, now: Date): string {
  if (next_slot_at) return upcoming(next_slot_at, now);
  if (why_no_slots !== null) return `never: ${printable(why_no_slots)}`;
  return title === null ? 'not known here' : 'when asked for';
}

const columns = (now: Date): Column<ListedJob>[] => [
  { name: 'name', head: 'Job', cell: ({ name }) => printable(name) },
  { name: 'title', head: 'What', cell: ({ title }) => title },
  { name: 'schedule', head: 'Schedule', cell: ({ schedule }) => schedule },
  {
    name: 'next_slot_at',
    head: inOwnZone('Next', now),
    cell: (job) => nextOf(job, now),
    cellForPrograms: ({ next_slot_at: at }) => at && time(at, now),
  },
  {
    name: 'last_run',
    head: 'Last run',
    cell: ({ newest }) => (newest ? outcomeOf(newest, now) : null),
    cellForPrograms: ({ newest }) => (newest ? time(endOf(newest), now) : null),
    sortValue: ({ newest }) => newest && endOf(newest),
  },
  {
    name: 'last_status',
    head: 'Last status',
    cell: ({ newest }) => newest?.status ?? null,
    sortValue: ({ newest }) => newest?.status,
    onlyForPrograms: true,
  },
  {
    name: 'took_ms',
    head: 'Took',
    cell: ({ newest }) => (newest?.completed_at ? durationOf(newest) : null),
    cellForPrograms: ({ newest }) => (newest ? inText(millisecondsOf(newest)) : null),
    sortValue: ({ newest }) => newest && millisecondsOf(newest),
  },
  {
    name: 'failures',
    head: 'Failed',
    cell: ({ failures, runs }) => `${failures} of ${runs}`,
    cellForPrograms: ({ failures }) => String(failures),
  },
  { name: 'runs', head: 'Runs', cell: ({ runs }) => String(runs), onlyForPrograms: true },
];

export const listJobs = (options: ListOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { jobs, now } = await read({ db, jobs: await loadJobs() });
    await list({
      options,
      rows: jobs,
      columns: columns(now),
      fields: ({ newest, ...job }) => ({ ...job, job_runs: newest === null ? [] : [newest] }),
      empty: 'No jobs.',
      dropWhenNarrow: ['schedule', 'title'],
    });
  });

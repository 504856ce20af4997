import { printable } from '../../ground/text.ts';
import { showJob as read } from '../../services/jobs/show.ts';
import type { JobRunRow } from '../../services/jobs/list.ts';
import { loadJobs } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { nextOf, outcomeOf, tookOf } from './list.ts';

export const showJob = (given: string, options: { limit: number; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const request = { job: given, limit: options.limit + 1 };
    const { job, now, ...found } = await read({ db, jobs: await loadJobs() }, request);
    const runs = print.upTo(found.runs, options.limit);
    const { newest, ...rest } = job;
    if (options.json) return print.json({ ...rest, job_runs: runs });
    print.say(print.paint('bold', printable(job.name)));
    if (job.title) print.prose(job.title);
    print.say();
    print.facts([
      ['Schedule', job.schedule],
      ['Next (UTC)', nextOf(job, now)],
      ['Last run', outcomeOf(newest, now)],
      ['Failed', `${job.failures} of ${print.counted(job.runs, 'run')} that are kept`],
    ]);
    print.section('Newest runs');
    table(
      ['Run', 'Slot (UTC)', 'Status', 'Attempt', 'When', 'Took', 'Figures', 'Why'],
      runs.map((run) => [
        print.shortId(run.id),
        print.time(run.scheduled_for).slice(0, 16),
        print.state(run.status),
        run.attempt === 0 ? '-' : `${run.attempt} of ${run.max_attempts}`,
        print.relative(run.completed_at ?? run.started_at ?? run.queued_at, now),
        tookOf(run),
        run.figures === null ? '-' : printable(JSON.stringify(run.figures)),
        causeOf(run) || '-',
      ]),
      'None yet: its first slot comes, or it waits to be asked for.',
      ['Attempt'],
    );
  });

const causeOf = ({ reason, error_message }: JobRunRow): string =>
  printable([reason, error_message].filter(Boolean).join(': '));

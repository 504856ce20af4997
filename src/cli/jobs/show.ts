import { printable } from '../../ground/text.ts';
import { showJob as read } from '../../services/jobs/show.ts';
import type { JobRunRow } from '../../services/jobs/list.ts';
import { loadJobs } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { clock, inOwnZone } from '../terminal/times.ts';
import { figuresAsJson, figuresInWords } from './figures.ts';
import { nextOf, outcomeOf, durationOf } from './list.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

export const showJob = (given: string, options: ShowOptions & { limit: number }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const request = { job: given, limit: options.limit + 1 };
    const { job, now, ...found } = await read({ db, jobs: await loadJobs() }, request);
    const runs = print.firstOf(found.runs, options.limit);
    const { newest, ...rest } = job;
    if (isData(options)) return printDocument({ ...rest, job_runs: runs }, options);
    print.say(print.paint('bold', printable(job.name)));
    if (job.title) print.prose(job.title);
    print.say();
    print.facts([
      ['Schedule', job.schedule],
      [inOwnZone('Next', now), nextOf(job, now)],
      ['Last run', outcomeOf(newest, now)],
      ['Failed', `${job.failures} of ${print.counted(job.runs, 'kept run')}`],
    ]);
    print.section('Newest runs');
    table(
      ['Run', inOwnZone('Slot', now), 'Status', 'Attempt', 'When', 'Took', 'Figures', 'Why'],
      runs.map((run) => [
        print.shortId(run.id),
        clock(run.scheduled_for, now),
        print.state(run.status),
        run.attempt === 0 ? '-' : `${run.attempt} of ${run.max_attempts}`,
        print.relative(run.completed_at ?? run.started_at ?? run.queued_at, now),
        durationOf(run),
        run.figures === null ? '-' : shownFigures(run.figures),
        whyOf(run) || '-',
      ]),
      'None yet: its first slot is still to come, or it runs only when it is asked for.',
      ['Attempt'],
    );
  });

const shownFigures = (figures: unknown): string =>
  process.stdout.isTTY ? figuresInWords(figures) : figuresAsJson(figures);

/** Why a run ended in this way, or is about to, in one line; empty where there is nothing to say. */
export function whyOf(run: JobRunRow): string {
  const { reason, error_message, status, cancel_requested_at, cancel_requested_by } = run;
  const isStopping = cancel_requested_at !== null && !run.completed_at;
  const by = isStopping || status === 'cancelled' ? cancel_requested_by : null;
  const words = [isStopping ? 'asked to stop' : reason, by && `by ${by}`].filter(Boolean).join(' ');
  return printable([words, error_message].filter(Boolean).join(': '));
}

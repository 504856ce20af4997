import { printable } from '../../ground/text.ts';
import { hostOf, jobHistory as read, triggerOf } from '../../services/jobs/history.ts';
import type { JobRunRow } from '../../services/jobs/list.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, type Column } from '../listing/list.ts';
import { loadJobs } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { relative, shortId, state } from '../terminal/print.ts';
import { clock, inOwnZone, time } from '../terminal/times.ts';
import { figuresAsJson, figuresInWords } from './figures.ts';
import { durationOf, millisecondsOf } from './list.ts';
import { whyOf } from './show.ts';

const triggerInWords = (run: JobRunRow): string =>
  run.requested_by ? `manual, by ${printable(run.requested_by)}` : triggerOf(run);

const columns = (now: Date): Column<JobRunRow>[] => [
  { name: 'id', head: 'Run', cell: ({ id }) => shortId(id) },
  {
    name: 'scheduled_for',
    head: inOwnZone('Slot', now),
    cell: ({ scheduled_for: slot }) => slot && clock(slot, now),
    cellForPrograms: ({ scheduled_for: slot }) => slot && time(slot, now),
  },
  {
    name: 'trigger',
    head: 'Trigger',
    cell: triggerInWords,
    cellForPrograms: triggerOf,
  },
  { name: 'status', head: 'Status', cell: ({ status }) => state(status) },
  {
    name: 'at',
    head: 'When',
    cell: (run) => relative(run.completed_at ?? run.started_at ?? run.queued_at, now),
    cellForPrograms: (run) => time(run.completed_at ?? run.started_at ?? run.queued_at, now),
  },
  {
    name: 'took_ms',
    head: 'Took',
    cell: durationOf,
    cellForPrograms: (run) => {
      const ms = millisecondsOf(run);
      return ms === null ? null : String(ms);
    },
  },
  {
    name: 'host',
    head: 'Host',
    cell: (run) => {
      const host = hostOf(run);
      return host && printable(host);
    },
  },
  {
    name: 'figures',
    head: 'Figures',
    cell: ({ figures }) => (figures === null ? null : figuresInWords(figures)),
    cellForPrograms: ({ figures }) => (figures === null ? null : figuresAsJson(figures)),
  },
  { name: 'why', head: 'Why', cell: (run) => whyOf(run) || null },
  {
    name: 'attempt',
    head: 'Attempt',
    cell: ({ attempt }) => String(attempt),
    onlyForPrograms: true,
  },
  {
    name: 'requested_by',
    head: 'Asked for by',
    cell: ({ requested_by }) => requested_by && printable(requested_by),
    onlyForPrograms: true,
  },
];

/** The occurrences of a job, the newest first. */
export const jobHistory = (
  given: string,
  options: ListOptions & { limit: number },
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const request = { job: given, limit: options.limit + 1 };
    const { runs, count, now } = await read({ db, jobs: await loadJobs() }, request);
    await list({
      options,
      rows: runs,
      columns: columns(now),
      fields: (run) => ({
        ...run,
        trigger: triggerOf(run),
        host: hostOf(run),
        took_ms: millisecondsOf(run),
      }),
      count,
      empty:
        'It has not run yet: its first slot is still to come, or it runs only when it is asked for.',
      dropWhenNarrow: ['host', 'took_ms'],
      neverCut: ['figures', 'why'],
    });
  });

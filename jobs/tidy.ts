import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defineJob, type Figures, type JobContext } from '../src/contract/job.ts';
import { removeOldProgress } from '../src/data/checks/progress.ts';
import { removeOldChanges } from '../src/data/history/changes.ts';
import { removeOldJobRuns } from '../src/data/bots/job-runs.ts';
import { firstId, removeGoneErrors } from '../src/error-groups/rows/gone-errors.ts';
import { removeOldGroups } from '../src/error-groups/rows/old-groups.ts';
import { hasPlatform } from '../src/database/migrate/extent.ts';
import { removeOldDeliveries } from '../src/data/sources/old-deliveries.ts';
import { removeOldReports } from '../src/data/remote/reports.ts';
import { whyAllStays } from '../src/data/retention/why-all-stays.ts';
import { foreignReasons } from '../src/data/retention/referring.ts';
import { messages } from '../src/data/retention/tables/messages.ts';
import { readAges } from '../src/data/retention/ages.ts';
import { PartByPart } from '../src/database/faults/part-by-part.ts';
import { removeOldMessages } from '../src/data/notify/old-messages.ts';

/** People look at runs of the last month. */
const keptDays = 30;
/** How many of each job's newest runs are kept, however old they are: a weekly job has only four runs in a month. */
const keptRuns = 10;
/**
 * Successful and skipped runs are kept only among so many of a job's newest runs: a job that runs each minute has 1,440 runs a
 * day.
 */
const keptSuccesses = 1_000;

/**
 * Removes old rows of `engine.job_runs`, `bot_notifications`, `engine.run_progress`, `engine.inbox`, `engine.remote_reports`,
 * `engine.definition_changes` and groups of errors. Of the runs it keeps the newest of each job, and of the others those that are younger than a month, without the successful and
 * skipped ones that are not among the job's newest {@link keptSuccesses}. Of the progress it keeps that of the last day. Of the messages it
 * keeps those that are younger than the setting `messages_keep_days`, those that wait, and those about a ticket that is not closed. Of the deliveries it keeps
 * those of the last 30 days, and those that no run has read. Of the requests of remote bots it keeps those of two days. Of the groups it keeps
 * those that had an error within 90 days. Of the changes of definitions it keeps the newest 200 of each, and all of the policy. What was counted and is no longer in error_logs goes after eight days.
 */
export const tidy = defineJob({
  name: 'tidy',
  title:
    'Remove old runs of jobs, messages, progress, deliveries, reports, changes of definitions and groups of errors',
  payload: z.strictObject({}),
  schedule: '40 3 * * *',
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 300,
  async handler(context) {
    const why = await whyAllStays(context.db);
    if (why !== null) return { removed: 0, why };
    const parts = new PartByPart();
    const figures: Figures = {};
    context.report(() => figures);
    const tidyPart = async (name: string, what: string, part: () => Promise<number>) => {
      figures[name] = await parts.carryOut(what, part);
    };
    await tidyPart('job_runs', 'runs of jobs', () => tidyJobRuns(context));
    await tidyPart('messages', 'messages', () => tidyMessages(context));
    await tidyPart('run_progress', 'progress', () => context.commit(removeOldProgress));
    await tidyPart('deliveries', 'deliveries', () => tidyDeliveries(context));
    await tidyPart('remote_reports', 'reports', () => tidyReports(context));
    await tidyPart('error_groups', 'groups of errors', () => tidyErrorGroups(context));
    await tidyPart('definition_changes', 'changes of definitions', () => tidyChanges(context));
    await tidyPart('grouped_errors', 'counted errors', () => tidyGroupedErrors(context));
    parts.refuseIfAny(
      'the log of PostgreSQL says more; what was refused is tried again each night',
    );
    return figures;
  },
});

async function tidyJobRuns({ commit, signal }: JobContext): Promise<number> {
  let all = 0;
  for (;;) {
    signal.throwIfAborted();
    const { removed, full } = await commit((trx) =>
      removeOldJobRuns(trx, { days: keptDays, runs: keptRuns, successes: keptSuccesses }),
    );
    all += removed;
    if (!full) return all;
  }
}

/** How many rows one transaction removes at most. */
const maxRows = 5_000;

async function tidyReports({ commit, signal }: JobContext): Promise<number> {
  for (let all = 0; ;) {
    signal.throwIfAborted();
    const removed = await commit((trx) => removeOldReports(trx, maxRows));
    if (removed === 0) return all;
    all += removed;
  }
}

async function tidyChanges({ commit, signal }: JobContext): Promise<number> {
  for (let all = 0; ;) {
    signal.throwIfAborted();
    const removed = await commit((trx) => removeOldChanges(trx, maxRows));
    if (removed === 0) return all;
    all += removed;
  }
}

async function tidyErrorGroups({ commit, signal }: JobContext): Promise<number> {
  for (let all = 0; ;) {
    signal.throwIfAborted();
    const removed = await commit((trx) => removeOldGroups(trx, maxRows));
    if (removed === 0) return all;
    all += removed;
  }
}

async function tidyDeliveries({ commit, signal }: JobContext): Promise<number> {
  for (let all = 0; ;) {
    signal.throwIfAborted();
    const removed = await commit((trx) => removeOldDeliveries(trx, maxRows));
    if (removed === 0) return all;
    all += removed;
  }
}

/** Where there is more to look at, other nights go on: each begins somewhere else. */
const maxSeconds = 60;

/** Once around all ids, as far as the time allows. */
async function tidyGroupedErrors({ db, commit, signal }: JobContext): Promise<number> {
  if (!(await hasPlatform(db))) return 0;
  const end = performance.now() + maxSeconds * 1_000;
  const begin = randomUUID();
  let all = 0;
  for (const [start, stop] of [
    [begin, null],
    [firstId, begin],
  ] as const)
    for (let after: string | null = start; after !== null && (stop === null || after < stop);) {
      if (performance.now() > end) return all;
      signal.throwIfAborted();
      const from: string = after;
      const { removed, next } = await commit((trx) =>
        removeGoneErrors(trx, { after: from, maxRows }),
      );
      all += removed;
      after = next;
    }
  return all;
}

/**
 * A message about many tickets is removed only after the messages for which it stands, and these may come later in the order: a
 * second walk removes what the first one had to leave.
 */
async function tidyMessages({ db, commit, signal }: JobContext): Promise<number> {
  const days = (await readAges(db)).messages_keep_days;
  if (typeof days !== 'number') return 0;
  const foreign = await foreignReasons(db, messages);
  let all = 0;
  for (let walk = 0; walk < 2; walk += 1)
    for (let from: string | null = '0'; from !== null;) {
      signal.throwIfAborted();
      const start: string = from;
      const { removed, next } = await commit((trx) =>
        removeOldMessages(trx, { days, from: start, foreign }),
      );
      all += removed;
      from = next;
    }
  return all;
}

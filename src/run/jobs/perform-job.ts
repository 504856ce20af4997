import { namesRow, type JobEntry } from '../../queue/run-queue.ts';
import { endJob } from '../../transitions/jobs/end.ts';
import { retryJob } from '../../transitions/jobs/retry.ts';
import { startJob } from '../../transitions/jobs/start.ts';
import { retryDelayMs } from '../../data/bots/retry-delay.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { JobEngine } from './job-engine.ts';
import { jobRunOf, type JobRun } from './job-run.ts';

/**
 * The life of one run of a job: start, handler, end. Everything after the start is written under the run's fence. `free`
 * is called once it has started: a handler needs no child, so its place may go to a run of a bot. Never rejects: what
 * cannot be written is taken over by rescue once the lease has run out.
 */
export async function performJob(
  engine: JobEngine,
  entry: JobEntry,
  free: () => void = () => {},
): Promise<void> {
  const { leases, log } = engine;
  let run: JobRun | null = null;
  try {
    run = await start(engine, entry);
    if (!run) return;
    leases.add(run);
    free();
    const outcome = await carryOut(engine, run);
    if (outcome) await end(engine, run, outcome);
    else log.warn({ run: run.id, job: run.job.name }, 'a job was stopped; its results are dropped');
  } catch (error) {
    log.error(
      { err: error, run: entry.id, job: run?.job.name },
      'a run of a job could not be started or ended; rescue will see to it',
    );
  } finally {
    if (run) leases.remove(run);
  }
}

/** Null when the run is not this worker's, or of a job that this version does not know: then it stays queued. */
async function start(
  { db, jobs, worker, log }: JobEngine,
  entry: JobEntry,
): Promise<JobRun | null> {
  const { id, generation } = entry;
  if (!namesRow(entry)) {
    log.error({ id, generation }, 'an entry of the queue is not ours');
    return null;
  }
  const row = await db
    .selectFrom('engine.job_runs')
    .select('job')
    .where('id', '=', id)
    .executeTakeFirst();
  const job = jobs.find(({ name }) => name === row?.job);
  if (!job) return null;
  const started = await db
    .transaction()
    .execute((trx) => startJob(trx, { id, generation }, job, worker));
  return started && jobRunOf(started, job);
}

async function end(
  { db, queue, log }: JobEngine,
  run: JobRun,
  { final, ...ending }: Outcome,
): Promise<void> {
  const said = { run: run.id, job: run.job.name, attempt: run.attempt };
  const lost = () => log.warn(said, 'a run of a job was taken over; its results are dropped');
  if (final || run.attempt >= run.maxAttempts) {
    if (!(await endJob(db, run, ending))) return lost();
    return log.info({ ...said, status: ending.status, reason: ending.reason }, 'job ended');
  }
  const delayMs = retryDelayMs(run.attempt);
  const retried = await retryJob(db, run, { ...ending, delayMs });
  if (!retried) return lost();
  const { generation, status } = retried;
  log.warn({ ...said, status, error: ending.error }, 'a job failed');
  if (status === 'queued')
    await queue
      .add([{ kind: 'job', id: run.id, generation, delayMs }])
      .catch((error: unknown) =>
        log.warn({ err: error, ...said }, 'the retry could not be queued; rescue will'),
      );
}

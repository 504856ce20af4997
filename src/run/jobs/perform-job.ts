import { namesRow, type JobEntry } from '../../queue/run-queue.ts';
import { endJob } from '../../transitions/jobs/end.ts';
import { retryJob } from '../../transitions/jobs/retry.ts';
import { startJob } from '../../transitions/jobs/start.ts';
import { retryDelayMs } from '../../data/bots/retry-delay.ts';
import { carryOut, type Outcome } from './carry-out.ts';
import type { JobEngine } from './job-engine.ts';
import { jobRunOf, type JobRun } from './job-run.ts';

/**
 * One run of a job, from its start to its end. Everything after the start is written under the run's fence.
 * `free` is called once the run has started: a handler needs no child, so a run of a bot may use its place. Never
 * rejects: when something cannot be written, rescue takes the run over once its lease has run out.
 */
export async function performJob(
  engine: JobEngine,
  entry: JobEntry,
  free: () => void = () => {},
): Promise<void> {
  const { leases, emit } = engine;
  let run: JobRun | null = null;
  try {
    run = await start(engine, entry);
    if (!run) return;
    leases.add(run);
    free();
    const outcome = await carryOut(engine, run);
    if (outcome) await end(engine, run, outcome);
    else emit('job.stopped', { run: run.id, job: run.job.name });
  } catch (error) {
    emit('job.broken_off', { err: error, run: entry.id, job: run?.job.name });
  } finally {
    if (run) leases.remove(run);
  }
}

/** Starts the run. Null when this worker may not start it; also when this version does not know its job: it stays queued then. */
async function start(
  { db, jobs, worker, emit }: JobEngine,
  entry: JobEntry,
): Promise<JobRun | null> {
  const { id, generation } = entry;
  if (!namesRow(entry)) {
    emit('entry.refused', { id, generation });
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
  { db, queue, emit }: JobEngine,
  run: JobRun,
  { final, ...ending }: Outcome,
): Promise<void> {
  const about = { run: run.id, job: run.job.name, attempt: run.attempt };
  const lost = () => emit('job.taken_over', about);
  if (final || run.attempt >= run.maxAttempts) {
    if (!(await endJob(db, run, ending))) return lost();
    return emit('job.ended', { ...about, status: ending.status, reason: ending.reason });
  }
  const delayMs = retryDelayMs(run.attempt);
  const retried = await retryJob(db, run, { ...ending, delayMs });
  if (!retried) return lost();
  const { generation, status } = retried;
  emit('job.failed', { ...about, status, error: ending.error });
  if (status === 'queued')
    await queue
      .add([{ kind: 'job', id: run.id, generation, delayMs }])
      .catch((error: unknown) => emit('job.unqueued', { err: error, ...about }));
}

import { z } from 'zod';
import { JobStoppedError, type JobContext } from '../../contract/job.ts';
import { LostRunError } from '../../data/bots/fence.ts';
import { messageOf } from '../../ground/errors.ts';
import { plain } from '../../ground/plain.ts';
import { fitting } from '../../ground/text.ts';
import { untilStopped } from '../../ground/until-stopped.ts';
import { requestOnce } from '../../transitions/jobs/request.ts';
import type { JobEnding } from '../../transitions/jobs/end.ts';
import type { JobEngine } from './job-engine.ts';
import type { JobRun } from './job-run.ts';
import { underJobFence } from './under-job-fence.ts';

/** How an attempt ended. `final`: a further attempt could not end differently. */
export type Outcome = JobEnding & { final: boolean };

const failure = (reason: string, error: string, final: boolean): Outcome => ({
  status: 'failed',
  reason,
  error: fitting(error, 2_000),
  figures: null,
  final,
});

/**
 * Calls the handler and waits until the handler has ended or the run is stopped, whichever comes first. A handler that
 * ignores its signal delays nothing, and the fence refuses its later writes. Returns null when this process must not
 * end the run: the run was lost, or this process gives it back.
 */
export async function carryOut(engine: JobEngine, run: JobRun): Promise<Outcome | null> {
  const { job, signal } = run;
  const payload = job.payload.safeParse(run.payload);
  if (!payload.success) return failure('payload', z.prettifyError(payload.error), true);

  const deadline = setTimeout(() => run.stop('timeout'), job.timeoutSeconds * 1_000);
  try {
    const figures = await untilStopped(signal, async () =>
      job.handler(contextOf(engine, run), payload.data),
    );
    const text = JSON.stringify(plain(figures ?? {}));
    return { status: 'success', reason: null, error: null, figures: text, final: true };
  } catch (error) {
    if (signal.aborted) return stoppedOutcome(run);
    if (error instanceof LostRunError) return null;
    return failure('job failed', messageOf(error), false);
  } finally {
    clearTimeout(deadline);
    // After this the handler's writes are refused.
    run.stop('lost');
  }
}

/** How a run that was stopped ended; null when this process must not end it. */
function stoppedOutcome({ signal, job }: JobRun): Outcome | null {
  const { why } = signal.reason as JobStoppedError;
  const error = `the job took longer than ${job.timeoutSeconds} s`;
  const ending = { figures: null, final: true };
  if (why === 'timeout') return { status: 'timeout', reason: 'timeout', error, ...ending };
  if (why === 'cancelled')
    return { status: 'cancelled', reason: 'cancelled', error: null, ...ending };
  return null;
}

const contextOf = (engine: JobEngine, run: JobRun): JobContext => ({
  db: engine.db,
  databaseUrl: engine.databaseUrl,
  log: engine.log.child({ job: run.job.name, run: run.id }),
  emit: engine.emit,
  openSecrets: (names) => engine.secrets.open(names),
  async request(name) {
    const { db, queue, jobs, emit } = engine;
    try {
      const job = jobs.find((each) => each.name === name);
      const entry = job && (await requestOnce(db, job));
      if (entry) await queue.add([entry]);
    } catch (error) {
      emit('job.unrequested', { err: error, job: name });
    }
  },
  signal: run.signal,
  run: { id: run.id, scheduledFor: run.scheduledFor, attempt: run.attempt },
  async commit(write) {
    run.signal.throwIfAborted();
    return underJobFence(engine.db, run, write);
  },
});

import type { z } from 'zod';
import {
  FinalJobError,
  JobStoppedError,
  type Figures,
  type JobContext,
} from '../../contract/job.ts';
import { LostRunError } from '../../data/bots/fence.ts';
import { messageOf } from '../../ground/errors.ts';
import { issueInWords } from '../../ground/documents/issue-words.ts';
import { plain } from '../../ground/plain.ts';
import { fitting, storable } from '../../ground/text.ts';
import { untilStopped } from '../../ground/until-stopped.ts';
import { requestOnce } from '../../transitions/jobs/request.ts';
import type { JobEnding } from '../../transitions/jobs/end.ts';
import type { JobEngine } from './job-engine.ts';
import type { JobRun } from './job-run.ts';
import { underJobFence } from './under-job-fence.ts';

/** How an attempt ended. `final`: a further attempt could not end differently. */
export type Outcome = JobEnding & { final: boolean };

const failure = (
  { reason, final }: Pick<Outcome, 'reason' | 'final'>,
  error: string,
  figures: string | null,
): Outcome => ({ status: 'failed', reason, error: fitting(error, 2_000), figures, final });

/**
 * Calls the handler and waits until the handler has ended or the run is stopped, whichever comes first. A handler that
 * ignores its signal delays nothing, and the fence refuses its later writes. Returns null when this process must not
 * end the run: the run was lost, or this process gives it back.
 */
export async function carryOut(engine: JobEngine, run: JobRun): Promise<Outcome | null> {
  const { job, signal } = run;
  const payload = job.payload.safeParse(run.payload);
  if (!payload.success)
    return failure(
      { reason: 'payload', final: true },
      payloadInWords(payload.error),
      figuresOf(run, null),
    );

  const deadline = setTimeout(() => run.stop('timeout'), job.timeoutSeconds * 1_000);
  let read: (() => Figures) | null = null;
  const reported = () => figuresOf(run, read && read());
  run.figures = reported;
  try {
    const figures = await untilStopped(signal, async () =>
      job.handler(
        contextOf(engine, run, (how) => (read = how)),
        payload.data,
      ),
    );
    const text = figuresOf(run, figures ?? {});
    return { status: 'success', reason: null, error: null, figures: text, final: true };
  } catch (error) {
    if (signal.aborted) return stoppedOutcome(run, reported());
    if (error instanceof LostRunError) return null;
    const final = error instanceof FinalJobError;
    return failure({ reason: 'job failed', final }, messageOf(error), reported());
  } finally {
    clearTimeout(deadline);
    // After this the handler's writes are refused.
    run.stop('lost');
  }
}

/** A payload may hold anything: what is wrong with it is said in the words of the program, and none of it is repeated. */
const payloadInWords = ({ issues }: z.ZodError): string =>
  storable(
    issues
      .slice(0, 10)
      .map((issue) =>
        [issue.path.join('.'), issueInWords(issue, 'an object')].filter(Boolean).join(': '),
      )
      .join('; '),
  );

/** With those of earlier attempts, which are recorded already; null where there are none. */
function figuresOf({ earlier }: JobRun, figures: Figures | null): string | null {
  if (figures === null && earlier === null) return null;
  const { earlier_attempts: before = [], ...last } = earlier ?? {};
  const attempts = [...(Array.isArray(before) ? before : []), ...(earlier === null ? [] : [last])];
  return JSON.stringify(
    plain({ ...figures, ...(attempts.length > 0 && { earlier_attempts: attempts }) }),
  );
}

/** How a run that was stopped ended; null when this process must not end it. */
function stoppedOutcome({ signal, job }: JobRun, figures: string | null): Outcome | null {
  const { why } = signal.reason as JobStoppedError;
  const error = `the job took longer than ${job.timeoutSeconds} s`;
  const ending = { figures, final: true };
  if (why === 'timeout') return { status: 'timeout', reason: 'timeout', error, ...ending };
  if (why === 'cancelled')
    return { status: 'cancelled', reason: 'cancelled', error: null, ...ending };
  return null;
}

const contextOf = (engine: JobEngine, run: JobRun, report: JobContext['report']): JobContext => ({
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
  report,
  signal: run.signal,
  run: { id: run.id, scheduledFor: run.scheduledFor, attempt: run.attempt },
  async commit(write) {
    run.signal.throwIfAborted();
    return underJobFence(engine.db, run, write);
  },
});

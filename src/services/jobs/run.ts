import type { Job } from '../../contract/job.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { jobRunOf, openJobRuns, type JobRunRow } from '../../data/bots/job-runs.ts';
import type { Db } from '../../database/connect.ts';
import { jsonText } from '../../database/json-input.ts';
import { keyGivenTwice } from '../../ground/documents/key-given-twice.ts';
import { UsageError } from '../../ground/errors.ts';
import { issueInWords } from '../../ground/documents/issue-words.ts';
import { storable } from '../../ground/text.ts';
import { registerJobs } from '../../schedule/register-jobs.ts';
import { requestJob } from '../../transitions/jobs/request.ts';
import { authorise, type Actor } from '../actor.ts';
import { jobOf } from './named.ts';

/**
 * The payload that a person has typed as JSON. Throws UsageError for what is no JSON, and for what the job does not take;
 * BadInputError for what the database cannot store.
 */
function payloadOf({ name, payload }: Job, text: string): unknown {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw refusal(name, `--payload is no JSON: ${(error as Error).message}`);
  }
  const twice = keyGivenTwice(text);
  if (twice !== null)
    throw refusal(name, `${twice} is given twice, and the first would be ignored`);
  const read = payload.safeParse(given);
  if (read.success) {
    jsonText('payload', given);
    return given;
  }
  throw refusal(
    name,
    read.error.issues
      .map((issue) =>
        [issue.path.join('.'), issueInWords(issue, 'an object')].filter(Boolean).join(': '),
      )
      .join('; '),
  );
}

const refusal = (name: string, why: string): UsageError =>
  new UsageError({
    what: `no run of ${name} was asked for`,
    why: storable(why),
    hint: `leave --payload out, or see docs/jobs.md for what ${name} takes`,
  });

export interface AskedRun {
  run: JobRunRow;
  /** other runs of the job that are queued or running, the first to come first */
  before: JobRunRow[];
  /** how many runs of the job run at the same time */
  concurrency: number;
  now: Date;
}

/**
 * Asks for a run of a job now, beside its slots. The run waits while as many runs of the job as its concurrency allows are running,
 * on whatever host. For owners and admins, because a job may do what only they may ask for. Throws NotFoundError with the nearest
 * names, UsageError.
 */
export async function runJob(
  { db, actor, jobs }: { db: Db; actor: Actor; jobs: readonly Job[] },
  { job: given, payload: text = '{}' }: { job: string; payload: string | undefined },
): Promise<AskedRun> {
  authorise(actor, 'run jobs', 'admin');
  const job = jobOf(jobs, given);
  const payload = payloadOf(job, text);
  // Its row is there since a process first knew the job; a new database may not have seen one yet.
  await registerJobs(db, [job]);
  const before = await openJobRuns(db, job.name);
  const id = await requestJob(db, job, payload, storable(actor.name));
  const run = (await jobRunOf(db, id))!;
  return { run, before, concurrency: job.concurrency, now: await currentTime(db) };
}

/**
 * The jobs of the engine in simulated time. What is due once an hour or less often is carried out at its slot. What is due each few
 * minutes is carried out each few hours; its other slots get the rows that they would have, by the same changes of state.
 */
import { sql } from 'kysely';
import { jobs as all } from '../../jobs/index.ts';
import type { Job } from '../../src/contract/job.ts';
import { messagesDue } from '../../src/data/notify/channels.ts';
import { performJob } from '../../src/run/jobs/perform-job.ts';
import { claimJobs } from '../../src/schedule/claim-jobs.ts';
import { parseSchedule, slotsBetween } from '../../src/schedule/cron.ts';
import { requestOnce } from '../../src/transitions/jobs/request.ts';
import type { JobEntry } from '../../src/queue/run-queue.ts';
import { dayMs } from './time.ts';
import type { SimulatedEngine } from './engine.ts';

/** All but `backup`, which needs a place to write to, and whose files are not rows. */
export const soakJobs: readonly Job[] = all.filter(({ name }) => name !== 'backup');

const slots = ({ schedule }: Job, from: Date, to: Date): Date[] =>
  schedule === null ? [] : slotsBetween(parseSchedule(schedule), from, to, 100_000);

const someDay = new Date('2026-03-02T00:00:00Z');
const isFrequent = (job: Job): boolean =>
  slots(job, someDay, new Date(+someDay + dayMs)).length > 24;
/** Those that are due more than once an hour. */
export const frequentJobs = soakJobs.filter((job) => job.schedule !== null && isFrequent(job));
const rare = soakJobs.filter((job) => job.schedule !== null && !isFrequent(job));

/**
 * The minutes of a day at which rare jobs are carried out: of those that are due each hour, one in so many. The next run of such a job
 * does what the left out ones had to do.
 */
export function rareJobsOf(from: Date, hours: number): Map<number, Job[]> {
  const due = new Map<number, Job[]>();
  for (const job of rare)
    for (const [index, slot] of slots(job, from, new Date(+from + dayMs)).entries())
      if (index % hours === 0) due.set(+slot, [...(due.get(+slot) ?? []), job]);
  return due;
}

/** Claims what is due of these jobs, and carries it out. Throws when a job did not succeed. */
export async function passJobs(world: SimulatedEngine, jobs: readonly Job[]): Promise<void> {
  const { queued, failed } = await claimJobs(world.db, jobs);
  if (failed[0]) throw failed[0].error;
  await perform(world, queued);
}

async function perform({ db, jobEngine }: SimulatedEngine, entries: JobEntry[]): Promise<void> {
  for (const entry of entries) {
    await performJob(jobEngine, entry);
    const { rows } = await sql<{ job: string; status: string; error_message: string | null }>`
      SELECT job, status, error_message FROM engine.job_runs WHERE id = ${entry.id}`.execute(db);
    const [run] = rows;
    if (run && run.status !== 'success')
      throw new Error(`the job ${run.job} is ${run.status}: ${run.error_message}`);
  }
}

/** The slots of frequent jobs from `from` until now, and then the messages. */
export async function passFrequentJobs(
  world: SimulatedEngine,
  from: Date,
  now: Date,
): Promise<void> {
  for (const job of frequentJobs) await writeRuns(world, job, slots(job, from, now).slice(0, -1));
  await passJobs(world, frequentJobs);
  await passMessages(world);
}

/** What is asked for of messages: events are routed, and what is due is sent. */
export async function passMessages(world: SimulatedEngine): Promise<void> {
  // As the timer of messages does. A job may ask for another one; what is gathered for later is sent at the next call.
  for (let turn = 0; turn < maxTurns; turn++) {
    const due = await messagesDue(world.db);
    const names = [...(due.events ? ['route-events'] : []), ...(due.messages ? ['deliver'] : [])];
    for (const name of names) {
      const entry = await requestOnce(
        world.db,
        soakJobs.find((job) => job.name === name)!,
      );
      if (entry) world.queue.add([entry]);
    }
    const entries = world.queue.takeJobs();
    if (entries.length === 0) return;
    await perform(world, entries);
  }
  throw new Error('jobs go on asking for each other');
}

/** More turns than messages need: an event is routed, its messages are sent, and the end of both is seen. */
const maxTurns = 20;

/** Runs of these slots: queued, started and ended, each change in a version of its own of the row. */
async function writeRuns(
  { db }: SimulatedEngine,
  { name, maxAttempts }: Job,
  due: Date[],
): Promise<void> {
  if (due.length === 0) return;
  const ours = sql`job = ${name} AND scheduled_for = ANY (${due}::timestamptz[])`;
  await sql`
    INSERT INTO engine.job_runs (job, scheduled_for, status, generation, max_attempts, queued_at)
    SELECT ${name}, slot, 'queued', 1, ${maxAttempts}::int, slot FROM unnest(${due}::timestamptz[]) slot
    ON CONFLICT (job, scheduled_for) WHERE scheduled_for IS NOT NULL DO NOTHING`.execute(db);
  await sql`
    UPDATE engine.job_runs
    SET status = 'running', attempt = 1, fence = nextval('engine.fence'), worker = 'soak', lease_until = scheduled_for, started_at = scheduled_for
    WHERE ${ours} AND status = 'queued'`.execute(db);
  await sql`
    UPDATE engine.job_runs SET status = 'success', figures = '{}', completed_at = scheduled_for, lease_until = NULL
    WHERE ${ours} AND status = 'running'`.execute(db);
  await sql`
    UPDATE engine.jobs SET last_slot_at = greatest(last_slot_at, ${due.at(-1)!}) WHERE name = ${name}`.execute(
    db,
  );
}

import { scheduleIn, type Job } from '../../contract/job.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { listJobs as query, type KnownJob } from '../../data/bots/job-runs.ts';
import { readSetting } from '../../data/settings/rows.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { nextSlot, parseSchedule } from '../../schedule/cron.ts';

export type { JobRunRow } from '../../data/bots/job-runs.ts';

/** A job that this version of the code has, or that has rows in the database, or both. */
export interface ListedJob extends KnownJob {
  /** null: only another version of the code has this job */
  title: string | null;
  /** null: it runs only on request, or only another version of the code has it */
  schedule: string | null;
  next_slot_at: Date | null;
  /** why it has no slots although it recurs: its setting cannot be read, or says so; null where nothing is in the way */
  why_no_slots: string | null;
}

/** The engine's own recurring work, by name. `jobs` are those of this version of the code. */
export async function listJobs({
  db,
  jobs: known,
}: {
  db: Db;
  jobs: readonly Job[];
}): Promise<{ jobs: ListedJob[]; now: Date }> {
  const now = await currentTime(db);
  const rows = new Map((await query(db)).map((row) => [row.name, row]));
  const names = new Set([...rows.keys(), ...known.map(({ name }) => name)]);
  const jobs: ListedJob[] = [];
  for (const name of [...names].toSorted()) {
    const job = known.find((each) => each.name === name);
    jobs.push({
      ...(rows.get(name) ?? { name, newest: null, runs: 0, failures: 0 }),
      title: job?.title ?? null,
      ...(await slotsOf(db, job, now)),
    });
  }
  return { jobs, now };
}

/** A setting that cannot be read is the job's own affair: the others are listed all the same. */
async function slotsOf(
  db: Db,
  job: Job | undefined,
  now: Date,
): Promise<Pick<ListedJob, 'schedule' | 'next_slot_at' | 'why_no_slots'>> {
  const none = { schedule: null, next_slot_at: null, why_no_slots: null };
  if (!job) return none;
  const key = job.scheduleSetting?.key;
  try {
    const value = key === undefined ? null : (await readSetting(db, key))?.value;
    const schedule = scheduleIn(job, value);
    if (schedule !== null)
      return { ...none, schedule, next_slot_at: nextSlot(parseSchedule(schedule), now) };
    return key === undefined ? none : { ...none, why_no_slots: `${key} says that it has no slots` };
  } catch (error) {
    if (!(error instanceof RoundsmanError) || key === undefined) throw error;
    return { ...none, why_no_slots: `${key} cannot be read: ${error.why}` };
  }
}

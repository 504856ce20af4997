import type { Job } from '../../contract/job.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { listJobs as query, type KnownJob } from '../../data/bots/job-runs.ts';
import type { Db } from '../../database/connect.ts';
import { nextSlot, parseSchedule } from '../../schedule/cron.ts';

export type { JobRunRow } from '../../data/bots/job-runs.ts';

/** A job that this version of the code has, or that has rows in the database, or both. */
export interface ListedJob extends KnownJob {
  /** null: only another version of the code has this job */
  title: string | null;
  /** null: it runs only on request, or only another version of the code has it */
  schedule: string | null;
  next_slot_at: Date | null;
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
  const jobs = [...names].toSorted().map((name): ListedJob => {
    const job = known.find((each) => each.name === name);
    const schedule = job?.schedule ?? null;
    return {
      ...(rows.get(name) ?? { name, newest: null, runs: 0, failures: 0 }),
      title: job?.title ?? null,
      schedule,
      next_slot_at: schedule === null ? null : nextSlot(parseSchedule(schedule), now),
    };
  });
  return { jobs, now };
}

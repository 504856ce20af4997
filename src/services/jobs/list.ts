import type { Job } from '../../contract/job.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { listJobs as query, type KnownJob } from '../../data/bots/job-runs.ts';
import type { Db } from '../../database/connect.ts';
import { nextSlot, parseSchedule } from '../../schedule/cron.ts';

export type { JobRunRow } from '../../data/bots/job-runs.ts';

/** A job that the code here knows, or the database, or both. */
export interface ListedJob extends KnownJob {
  /** null: only another version of the code knows it */
  title: string | null;
  /** null: it runs only when it is asked for, or is not known here */
  schedule: string | null;
  next_slot_at: Date | null;
}

/** The engine's own recurring work, by name. `known` are the jobs of the code here. */
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

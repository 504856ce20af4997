import { sql } from 'kysely';
import { scheduleIn, type Job } from '../contract/job.ts';
import type { Db } from '../database/connect.ts';
import type { JobEntry } from '../queue/run-queue.ts';
import { claimSlot, type DueSlot } from '../transitions/jobs/claim-slot.ts';
import { rememberedNextSlot, rememberedSchedule, slotsMissed } from './cron.ts';

/** How many missed slots are counted, a month of minutes: counting takes time, and the scheduler has other work. */
const maxCounted = 50_000;

export interface ClaimedJobs {
  /** the entries that the caller has to queue */
  queued: JobEntry[];
  /** slots that were skipped, because the job was busy or a newer slot is due */
  skipped: number;
  /** jobs whose slot could not be found or written; the other jobs are claimed all the same */
  failed: { job: string; error: unknown }[];
}

/** A row of `engine.jobs`, as it was read. */
interface JobRow {
  name: string;
  /** `last_slot_at` as text, with its microseconds, so that a row that was written by hand is found again */
  since: string;
  last_slot_at: Date;
  now: Date;
  /** of the job's setting; null where it has none, or that is not set */
  setting: unknown;
}

/**
 * Claims the newest slot of every job that is due by the database's clock. The slots that were missed before it are not
 * run: they share one skipped row. Any number of schedulers may do it at once: each slot gets one row.
 */
export async function claimJobs(db: Db, jobs: readonly Job[]): Promise<ClaimedJobs> {
  const claimed: ClaimedJobs = { queued: [], skipped: 0, failed: [] };
  const scheduled = jobs.filter((job) => job.schedule !== null || job.scheduleSetting);
  if (scheduled.length === 0) return claimed;
  const { rows } = await sql<JobRow>`
    SELECT j.name, last_slot_at::text AS since, last_slot_at, engine.now() AS now, s.value AS setting
    FROM unnest(${scheduled.map(({ name }) => name)}::text[], ${scheduled.map((job) => job.scheduleSetting?.key ?? null)}::text[])
      AS known (name, key)
    JOIN engine.jobs j ON j.name = known.name LEFT JOIN engine.settings s ON s.key = known.key`.execute(
    db,
  );
  if (rows.some(({ last_slot_at, now }) => last_slot_at > now)) await forgetFuture(db);
  for (const job of scheduled)
    try {
      const row = rows.find(({ name }) => name === job.name);
      const due = row && dueSlot(job, row);
      for (const { id, generation, status } of due ? await claimSlot(db, due) : [])
        if (status === 'queued') claimed.queued.push({ kind: 'job', id, generation });
        else claimed.skipped += 1;
    } catch (error) {
      claimed.failed.push({ job: job.name, error });
    }
  return claimed;
}

/**
 * A claimed slot in the future shows that the clock was set back after the claim. From the next tick on, the slots after now are
 * due again. Slots that already have a row get no other one.
 */
const forgetFuture = (db: Db) =>
  sql`
    UPDATE engine.jobs SET last_slot_at = date_trunc('second', engine.now())
    WHERE last_slot_at > engine.now() + interval '1 minute'`.execute(db);

/** The newest slot of this job that is due, and the slots before it that have no row; null when none is due. */
function dueSlot(job: Job, { since, last_slot_at: after, now, setting }: JobRow): DueSlot | null {
  const text = scheduleIn(job, setting);
  if (text === null) return null;
  const first = rememberedNextSlot(text, 'UTC', after);
  if (first > now) return null;
  const { name, concurrency, maxAttempts } = job;
  const due = { job: name, concurrency, maxAttempts, since };
  const schedule = rememberedSchedule(text, 'UTC');
  const slot = slotsMissed(schedule, after, now, maxCounted).last!;
  if (slot.getTime() === first.getTime()) return { ...due, slot, missed: null };
  // A slot is a whole minute, so the slots before the newest one are at least a millisecond earlier.
  const before = slotsMissed(schedule, after, new Date(slot.getTime() - 1), maxCounted);
  return {
    ...due,
    slot,
    missed: { first, last: before.last!, count: before.count, capped: before.capped },
  };
}

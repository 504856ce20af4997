/**
 * A due slot gets its run, and its bot gets the next slot.
 *
 * From: no row, and a bot that is active, planned, and due.
 * To: `queued` with its first generation, or `skipped` (`overlap`: the bot is busy; `missed`: catch-up leaves
 *   it out; `maintenance`: a window covers it), and the bot's `next_slot_at` and `next_execution_at` moved on.
 * By: a scheduler, in each tick.
 * Locks: bots by `next_execution_at`, skipping those that other transactions hold; then runs are inserted.
 * Zero rows: nothing is due, another scheduler has claimed it, or `wanted` names the times that are missing.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** A due bot's schedule and slot as the database names them: as text they keep their microseconds. */
export interface DueSchedule {
  cron: string;
  zone: string;
  slot: string;
  /**
   * If the slot was due before an edit of the schedule: the time of the edit, from which the following slots count.
   */
  since?: string | null;
}

export interface SlotTimes extends DueSchedule {
  next: Date;
  /** The slot after the one that the bot will be given: jitter stays below half of that interval. */
  after: Date;
  /** Only when `next` has passed too: the newest slots up to the cutoff, oldest first. */
  slots?: Date[];
  /** with `slots`: how many slots have passed in all, this one included */
  count?: number;
  /** with `slots`: the first slot after the cutoff */
  future?: Date;
}

export interface ClaimedBatch {
  cutoff: string;
  queued: { id: string; bot_id: string; generation: number; priority: number }[];
  /** slots that got a `skipped` row */
  skipped: number;
  /** schedules and slots of due bots that were not claimed, because `times` does not have them */
  wanted: DueSchedule[];
}

/** Claims at most `maxRows` bots that are due at `cutoff`; null means now, by the database's clock. One round trip. */
export async function claimSlots(
  db: Db,
  cutoff: Date | null,
  maxRows: number,
  times: SlotTimes[],
): Promise<ClaimedBatch> {
  const { rows } = await sql<{ answer: ClaimedBatch }>`
    SELECT engine.claim(${cutoff}::timestamptz, ${maxRows}::int, ${JSON.stringify(times)}::jsonb) AS answer`.execute(
    db,
  );
  return rows[0]!.answer;
}

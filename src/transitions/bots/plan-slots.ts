/**
 * A bot that can run gets its next slot, so that a scheduler can claim that slot.
 *
 * From: `active`, with a version of its definition that was not checked yet, or without a slot.
 * To: `active`, with `checked_version`, `next_slot_at` and `next_execution_at`. A slot that it has is kept.
 * By: a scheduler, in each tick.
 * Locks: bots by id; rows that other transactions hold are skipped until the next tick.
 * Zero rows: the bot was edited since its definition was checked, or is no longer active.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** A bot with the version of its definition that was checked, its next slot, and the slot after that. */
export interface BotPlan {
  id: string;
  version: number;
  slot: Date;
  following: Date;
}

/** Returns the ids of the bots that were planned. Jitter stays below half of the interval to the slot that follows. */
export async function planSlots(db: Db, plans: BotPlan[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    UPDATE bots b
    SET checked_version = f.version,
        next_slot_at = coalesce(b.next_slot_at, f.slot),
        next_execution_at = CASE WHEN b.next_slot_at IS NOT NULL AND b.next_execution_at IS NOT NULL
          THEN b.next_execution_at
          ELSE coalesce(b.next_slot_at, f.slot) + make_interval(secs =>
            engine.jitter_ms(b.id, coalesce(b.next_slot_at, f.slot), b.jitter_seconds,
              (extract(epoch FROM f.following - f.slot) * 1000)::bigint) / 1000.0) END
    FROM jsonb_to_recordset(${JSON.stringify(plans)}::jsonb)
      AS f (id uuid, version int, slot timestamptz, following timestamptz)
    WHERE b.id = f.id AND b.definition_version = f.version AND b.status = 'active'
      AND b.id IN (
        -- Locks bots by id; rows that others hold are skipped.
        SELECT l.id FROM bots l WHERE l.id = ANY (${plans.map(({ id }) => id)}::uuid[]) AND l.status = 'active'
        ORDER BY l.id FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING b.id`.execute(db);
  return rows.map(({ id }) => id);
}

/**
 * Enables the bots that were left off because tables were missing, once the database has these tables.
 *
 * From: `disabled` with the reason that leave-off.ts writes, and not removed.
 * To: `active`, without a reason; the scheduler plans them at its next tick.
 * By: a process that starts and registers the catalogue.
 * Locks: the bots' rows, by id.
 * Zero rows: no bot was left off, or a person has given it another status or reason.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { leftOffReason } from './leave-off.ts';

export async function enableLeftOffBots(db: Db): Promise<void> {
  await sql`
    WITH off AS MATERIALIZED (
      SELECT id FROM bots WHERE status = 'disabled' AND removed_at IS NULL AND starts_with(status_reason, ${leftOffReason})
      -- Locks bots by id.
      ORDER BY id FOR NO KEY UPDATE)
    UPDATE bots b SET status = 'active', status_reason = NULL FROM off WHERE b.id = off.id`.execute(
    db,
  );
}

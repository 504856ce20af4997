/**
 * A cure has held when the same check was clean again in a run that began after the hold window.
 *
 * From: `verified`, its `hold_until` past.
 * To: `held`.
 * By: the timer that concludes outcomes, in any process.
 * Locks: actions, those that have waited longest first, without those that other transactions hold.
 * Zero rows: no hold window has ended, or no clean run has begun since.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { concludeAs, type ConcludedStep } from '../conclude-as.ts';

/** Concludes at most `maxRows` cures and returns them. It is one statement, so it needs no transaction around it. */
export async function hold(db: Db, maxRows: number): Promise<ConcludedStep[]> {
  const { rows } = await sql<ConcludedStep>`
    UPDATE bot_actions SET ${concludeAs('state', 'held')}
    WHERE id IN (
      SELECT w.id FROM bot_actions w JOIN bot_finding_states s ON s.fingerprint = w.fingerprint
      WHERE w.state = 'verified' AND w.hold_until <= engine.now() AND s.last_clean_at > w.hold_until
      -- Locks bot_actions, those that have waited longest first; rows that others hold are skipped.
      ORDER BY w.hold_until LIMIT ${sql.lit(maxRows)} FOR NO KEY UPDATE OF w SKIP LOCKED)
    RETURNING id AS action, remedy, component, fingerprint`.execute(db);
  return rows;
}

/**
 * A cure has held when the same check was clean again in a run that began after the hold window.
 *
 * From: `verified`, its `hold_until` past.
 * To: `held`.
 * By: the timer that concludes outcomes, in any process.
 * Locks: actions, those that have waited longest first, without those that other transactions hold.
 * Zero rows: none has outlasted its window, or no clean run has begun since.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { concluded, type ConcludedHeal } from '../concluded.ts';

/** At most this many; returns them. It is one statement, so it needs no transaction around it. */
export async function hold(db: Db, most: number): Promise<ConcludedHeal[]> {
  const { rows } = await sql<ConcludedHeal>`
    UPDATE bot_actions SET ${concluded('state', 'held')}
    WHERE id IN (
      SELECT w.id FROM bot_actions w JOIN bot_finding_states s ON s.fingerprint = w.fingerprint
      WHERE w.state = 'verified' AND w.hold_until <= engine.now() AND s.last_clean_at > w.hold_until
      -- Locks bot_actions, those that have waited longest first; rows that others hold are skipped.
      ORDER BY w.hold_until LIMIT ${sql.lit(most)} FOR NO KEY UPDATE OF w SKIP LOCKED)
    RETURNING id AS action, remedy, component, fingerprint`.execute(db);
  return rows;
}

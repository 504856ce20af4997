/**
 * A finding that was left alone is clean, which begins a hold window. The finding has recovered when it is still clean in a
 * run that began after the window.
 *
 * From: `pending`.
 * To: `pending`, with `hold_until`; after the window `recovered`.
 * By: the worker that records a clean result (part of `record`), under the run's fence; then the timer that concludes
 *   outcomes, in any process.
 * Locks: decisions. The flush holds their memories. The timer locks the decisions first that have waited longest, and skips
 *   those that other transactions hold.
 * Zero rows: this run made the decision, its window has already begun, or events judge it (`conclude-events.ts`); of the
 *   timer: no window has ended with a clean run after it.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { concludeAs } from '../conclude-as.ts';

/** `recovering`. Reads `clean`. */
export const beginRecovery = sql`recovering AS (
    UPDATE bot_decisions d
    SET hold_until = engine.now() + (SELECT engine.hold_window())
    FROM clean
    WHERE d.fingerprint = clean.fingerprint AND d.outcome = 'pending' AND d.hold_until IS NULL
      AND d.execution_id IS DISTINCT FROM clean.run AND d.tally IS NULL
  )`;

/** Concludes at most `maxRows` decisions; returns how many. It is one statement, so it needs no transaction around it. */
export async function recover(db: Db, maxRows: number): Promise<number> {
  const { rows } = await sql`
    UPDATE bot_decisions SET ${concludeAs('outcome', 'recovered')}
    WHERE id IN (
      SELECT w.id FROM bot_decisions w JOIN bot_finding_states s ON s.fingerprint = w.fingerprint
      WHERE w.outcome = 'pending' AND w.hold_until <= engine.now() AND s.last_clean_at > w.hold_until
        AND w.tally IS NULL
      -- Locks bot_decisions, those that have waited longest first; rows that others hold are skipped.
      ORDER BY w.hold_until LIMIT ${sql.lit(maxRows)} FOR NO KEY UPDATE OF w SKIP LOCKED)
    RETURNING id`.execute(db);
  return rows.length;
}

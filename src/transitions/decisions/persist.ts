/**
 * The check fails again for a finding that was left alone.
 *
 * From: `pending`.
 * To: `persisted`.
 * By: the worker that records the failure (part of `record`), under the run's fence.
 * Locks: decisions; the flush holds their memories.
 * Zero rows: the decision is of this run, is judged by events after it (`conclude-events.ts`), or has recovered already,
 *   which only has not been concluded yet.
 */
import { sql } from 'kysely';
import { concluded } from '../concluded.ts';

/** `persisted`. Of `failing`. */
export const persist = sql`persisted AS (
    UPDATE bot_decisions d
    SET ${concluded('outcome', 'persisted')}
    FROM failing
    WHERE d.fingerprint = failing.fingerprint AND d.outcome = 'pending' AND d.execution_id IS DISTINCT FROM failing.run
      -- Of events it is judged by those after the decision.
      AND d.tally IS NULL
      AND NOT coalesce(failing.last_clean_at > d.hold_until, false)
  )`;

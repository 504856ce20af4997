/**
 * The check fails again for a finding that was left alone.
 *
 * From: `pending`.
 * To: `persisted`.
 * By: the worker that records the failure (part of `record`), under the run's fence.
 * Locks: decisions; the flush holds their memories.
 * Zero rows: this run made the decision, events judge it (`conclude-events.ts`), or the finding has recovered already and
 *   the timer has not concluded that yet.
 */
import { sql } from 'kysely';
import { concludeAs } from '../conclude-as.ts';

/** `persisted`. Reads `failing`. */
export const persist = sql`persisted AS (
    UPDATE bot_decisions d
    SET ${concludeAs('outcome', 'persisted')}
    FROM failing
    WHERE d.fingerprint = failing.fingerprint AND d.outcome = 'pending' AND d.execution_id IS DISTINCT FROM failing.run
      -- A decision about a check of events is judged by the events after it.
      AND d.tally IS NULL
      AND NOT coalesce(failing.last_clean_at > d.hold_until, false)
  )`;

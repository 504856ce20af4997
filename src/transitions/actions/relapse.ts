/**
 * The check fails for a finding within the hold window of its cure: this counts against the entry.
 *
 * From: `verified`.
 * To: `relapsed`.
 * By: the worker that records the failure (part of `record`), under the run's fence.
 * Locks: actions; the flush holds their memories.
 * Zero rows: no cure is in its window, the run began before the cure, or the cure has held already and the timer has not
 *   concluded it yet.
 */
import { sql } from 'kysely';
import { concludeAs } from '../conclude-as.ts';

/** `relapsed`. Reads `failing` and `reported`. */
export const relapse = sql`relapsed AS (
    UPDATE bot_actions a
    SET ${concludeAs('state', 'relapsed')}, success = false
    FROM failing JOIN reported r ON r.fingerprint = failing.fingerprint
    -- A run that began before the cure may have looked before it.
    WHERE r.verdict IS NULL AND a.fingerprint = failing.fingerprint AND a.state = 'verified' AND a.applied_at <= r.started_at
      -- The cure has held already; only the timer has not concluded it yet.
      AND NOT coalesce(failing.last_clean_at > a.hold_until, false)
    RETURNING failing.run, a.id, a.fingerprint, a.remedy, a.component
  )`;

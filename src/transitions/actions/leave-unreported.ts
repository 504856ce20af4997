/**
 * A finding has ended because it is no longer reported, so nothing shows whether a cure of it helped, and none that was only intended is
 * applied any more. Neither counts for or against its entry.
 *
 * From: `applied`; `intent` without an effect that was begun.
 * To: `undecided`; `aborted`. With the reason in `error_message`.
 * By: the worker that records a run, in the flush that holds the run (part of `record`).
 * Locks: actions; the flush holds their memories.
 * Zero rows: no cure of it waits for its verdict; or another run carries the step out.
 */
import { sql } from 'kysely';

/** `left_unreported`. Reads `unreported`. */
export const leaveUnreported = sql`left_unreported AS (
    UPDATE bot_actions a
    SET state = CASE a.state WHEN 'applied' THEN 'undecided' ELSE 'aborted' END, settled_at = engine.now(), success = false,
        error_message = 'the problem was no longer reported (' || unreported.why || ') before it was known whether it was gone'
    FROM unreported
    WHERE a.fingerprint = unreported.fingerprint
      AND (a.state = 'applied' OR a.state = 'intent' AND NOT a.evidence ? 'begun')
      AND NOT EXISTS (SELECT FROM bot_executions e
                      WHERE e.id = a.execution_id AND e.id <> unreported.run AND e.status IN ('queued', 'running'))
  )`;

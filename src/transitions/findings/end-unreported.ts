/**
 * Ends a finding of which its check was told that its key is not looked at any more: its series is missing, its rule is paused, or a
 * person left it alone at the sender. It is not known whether the problem is gone.
 *
 * From: open (`resolved_at` null).
 * To: resolved, with the method `unreported`, and the reason in `metadata.unreported`.
 * By: the worker that records a run, in the flush that holds the run (part of `record`).
 * Locks: findings; the flush holds their bot.
 * Zero rows: no finding of such a key is open, the run reports it as well, or a newer start has written about it.
 */
import { sql } from 'kysely';

/** `unreported`: findings that have ended so. Reads `runs`, `answers` and `reported`. */
export const endUnreported = sql`unreported AS (
    UPDATE bot_findings f
    SET resolved_at = engine.now(), resolution_method = 'unreported', last_fence = runs.fence,
        metadata = CASE jsonb_typeof(f.metadata) WHEN 'object' THEN f.metadata ELSE '{}' END || jsonb_build_object('unreported', u.why)
    FROM runs JOIN answers e ON e.run = runs.id
    CROSS JOIN jsonb_to_recordset(e.unreported) AS u (key text, why text)
    WHERE f.bot_id = runs.bot_id AND f.check_name = e.check_name AND f.component_key = u.key AND f.resolved_at IS NULL
      AND f.fingerprint NOT IN (SELECT fingerprint FROM reported) AND (f.last_fence <= runs.fence) IS NOT FALSE
    RETURNING runs.id AS run, f.fingerprint, u.why
  )`;

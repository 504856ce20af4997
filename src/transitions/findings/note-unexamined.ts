/**
 * Marks open findings that no check of their bot looks at any more: their check gave an answer and did not look at their key,
 * or their bot no longer has that check. It is not known whether such a finding is gone, so it stays open; but it is no part
 * of a storm, and gets a ticket of its own if its severity asks for one.
 *
 * From: open, `unexamined_since` null; or set, when the check looks at the key again and does not report it (when it reports
 *   the key, `count.ts` empties the column).
 * To: open, `unexamined_since` the time of this run; or null.
 * By: the worker that records a run, in the flush that holds the run (parts of `record`).
 * Locks: findings; each transaction that writes one holds its bot or its memory.
 * Zero rows: every open finding of these bots was looked at, or the runs do not show which were. This is the usual case.
 */
import { sql } from 'kysely';

/**
 * How long a finding must not have been seen before a run that looked at nothing at all marks it: the source of the run's
 * checks may have failed.
 */
const minUnseen = '24 hours';

/** Whether the check looked at the key of the finding `f`. Keys in `undecided` were looked at, although nothing is recorded about them. */
const looksAtKey = sql`(e.every <> ((e.run, e.check_name, f.component_key) IN (SELECT run, check_name, key FROM examined_keys))
        OR f.component_key = ANY (e.undecided))`;

/** Whether `f` is an open finding of the run's bot that the run did not report, and no newer start has written about it. */
const isUnreported = sql`f.bot_id = runs.bot_id AND f.resolved_at IS NULL AND f.fingerprint NOT IN (SELECT fingerprint FROM reported)
      AND (f.last_fence <= runs.fence) IS NOT FALSE`;

/** `unexamined`: marks. Reads `runs`, `answers`, `examined_keys` and `reported`. */
export const markUnexamined = sql`unexamined AS (
    UPDATE bot_findings f SET unexamined_since = engine.now()
    FROM runs
    WHERE ${isUnreported} AND f.unexamined_since IS NULL AND f.fingerprint NOT LIKE 'external-%'
      -- bot_checks is NULL for a run that was stopped before it asked all of its checks.
      AND (f.check_name <> ALL (runs.bot_checks)
        OR (runs.examined_any OR f.last_seen_at < engine.now() - ${sql.lit(minUnseen)}::interval)
          AND EXISTS (SELECT FROM answers e WHERE e.run = runs.id AND e.check_name = f.check_name AND e.partial IS NOT TRUE AND NOT ${looksAtKey}))
  )`;

/** `examined_again`: removes marks. Reads the same and `resolved`. */
export const unmarkExamined = sql`examined_again AS (
    UPDATE bot_findings f SET unexamined_since = NULL
    FROM runs
    WHERE ${isUnreported} AND f.unexamined_since IS NOT NULL
      AND EXISTS (SELECT FROM answers e WHERE e.run = runs.id AND e.check_name = f.check_name AND ${looksAtKey})
      AND f.fingerprint NOT IN (SELECT fingerprint FROM resolved)
  )`;

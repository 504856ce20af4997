/**
 * Marks findings that the looks of their bot no longer see: their check gave an answer and has not looked at their key, or
 * their bot has no such check any more. Such a finding is not known to be gone, so it stays open; but it is no part of a
 * storm, and gets a ticket of its own as its severity asks for.
 *
 * From: open, `unexamined_since` null; or set, when its check looks at its key again (where it reports the key, `count.ts`
 *   empties it).
 * To: open, `unexamined_since` the time of this run; or null.
 * By: the worker that records a run, in the flush that holds the run (parts of `record`).
 * Locks: findings; each transaction that writes one holds its bot or its memory.
 * Zero rows: every open finding of these bots was looked at, or the run cannot tell; that is what most runs see.
 */
import { sql } from 'kysely';

/** For so long a run that looked at nothing at all is not believed: the source of its checks may have failed. */
const disbelief = '24 hours';

/** What a check of a run says about the key of `f`. Of a key in `undecided` it looked at, and says nothing. */
const answersOf = sql`jsonb_to_recordset(runs.examined) AS e (check_name text, every boolean, keys text[], undecided text[])`;
const looksAt = sql`(e.every <> (f.component_key = ANY (e.keys)) OR f.component_key = ANY (e.undecided))`;

const unreported = sql`f.bot_id = runs.bot_id AND f.resolved_at IS NULL AND f.fingerprint <> ALL (runs.reported)
      AND (f.last_fence <= runs.fence) IS NOT FALSE`;

/** `unexamined`. Reads `runs`. */
export const noteUnexamined = sql`unexamined AS (
    UPDATE bot_findings f SET unexamined_since = engine.now()
    FROM runs
    WHERE ${unreported} AND f.unexamined_since IS NULL AND f.fingerprint NOT LIKE 'external-%'
      -- NULL where a run was stopped before it came to all of its checks.
      AND (f.check_name <> ALL (runs.asked)
        OR (runs.looked OR f.last_seen_at < engine.now() - ${sql.lit(disbelief)}::interval)
          AND EXISTS (SELECT FROM ${answersOf} WHERE e.check_name = f.check_name AND NOT ${looksAt}))
  )`;

/** `examined_again`. Reads `runs` and `resolved`. */
export const noteExaminedAgain = sql`examined_again AS (
    UPDATE bot_findings f SET unexamined_since = NULL
    FROM runs
    WHERE ${unreported} AND f.unexamined_since IS NOT NULL
      AND EXISTS (SELECT FROM ${answersOf} WHERE e.check_name = f.check_name AND ${looksAt})
      AND f.fingerprint NOT IN (SELECT fingerprint FROM resolved)
  )`;

/**
 * Opens a finding, or counts an open one again, once its check has failed as often in a row as its bot's `confirm` says; a
 * certain one at its first report.
 *
 * From: no open finding of the fingerprint, or an open one.
 * To: one open finding (`resolved_at` null) with the newest report; `occurrences` + 1, or + what the report says (`times`), once a run
 *   however many attempts.
 * By: the worker that records a run, in the flush that holds the run (parts of `record`).
 * Locks: findings by fingerprint; each transaction that writes one holds its bot or its memory.
 * Zero rows: the check has not failed often enough yet, or this result was not remembered (`remember.ts`).
 */
import { sql } from 'kysely';

/** `counting`: fingerprints that have failed often enough in a row, are certain, or whose finding is open. Reads `failing` and `reported`. */
export const findConfirmed = sql`counting AS MATERIALIZED (
    SELECT s.fingerprint FROM failing s JOIN bots b ON b.id = s.bot_id
    WHERE s.failures_in_row >= b.confirm
      OR s.fingerprint IN (SELECT r.fingerprint FROM reported r WHERE r.certain)
      OR EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = s.bot_id AND f.fingerprint = s.fingerprint AND f.resolved_at IS NULL)
  )`;

/** `written`: the open findings that these runs saw. Reads `reported` and `counting`. */
export const countFindings = sql`written AS (
    INSERT INTO bot_findings AS f (bot_id, execution_id, severity, category, title, description, affected_component,
                                   metadata, check_name, component_key, fingerprint, detected_at, last_seen_at,
                                   last_execution_id, last_fence, occurrences)
    SELECT r.bot_id, r.run, r.severity, r.category, r.title, r.description, r.affected_component, r.metadata,
           r.check_name, r.component_key, r.fingerprint, engine.now(), engine.now(), r.run, r.fence, coalesce(r.times, 1)
    FROM reported r
    -- IS TRUE makes the planner use a hash join: it estimates one row, and would use nested loops otherwise.
    WHERE (r.fingerprint IN (SELECT fingerprint FROM counting)) IS TRUE
    ORDER BY r.fingerprint
    ON CONFLICT (bot_id, fingerprint) WHERE resolved_at IS NULL DO UPDATE
    SET occurrences = f.occurrences
          + CASE WHEN f.last_execution_id IS DISTINCT FROM excluded.last_execution_id THEN excluded.occurrences ELSE 0 END,
        severity = excluded.severity, title = excluded.title, description = excluded.description,
        metadata = excluded.metadata, suppressed_by = NULL, unexamined_since = NULL, last_seen_at = excluded.last_seen_at,
        last_execution_id = excluded.last_execution_id, last_fence = excluded.last_fence
    RETURNING f.last_execution_id AS run, f.id, f.fingerprint, f.occurrences,
              f.affected_component AS component, f.severity, f.xmax = 0 AS is_new
  )`;

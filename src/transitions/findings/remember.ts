/**
 * Remembers the result of one run for each fingerprint in `bot_finding_states`: that it failed, or that its key was
 * examined and not reported. A further attempt of the same run overwrites the result of the attempt before it.
 *
 * From: any memory, or none.
 * To: one more result; `failures_in_row` and `clean_in_row` counted, `flapping_since` set or emptied.
 * By: the worker that records a run, in the flush that holds the run (parts of `record`).
 * Locks: memories by fingerprint; the flush holds all but the new ones already.
 * Zero rows: a newer start has written about the fingerprint, or a remedy, an undo or a person acted after the check counted
 *   its events.
 */
import { sql } from 'kysely';

// `s` is bot_finding_states; `run` is the id of the run with the result.
const isSameRun = (run: string) => `s.last_execution_id IS NOT DISTINCT FROM ${run}`;
const statesBefore = (run: string) =>
  `(CASE WHEN ${isSameRun(run)} THEN trim_array(s.states, least(1, cardinality(s.states))) ELSE s.states END)`;
const statesWith = (run: string, failed: boolean) =>
  `(${statesBefore(run)} || ${failed})[greatest(1, cardinality(${statesBefore(run)}) - 19) :]`;
const states = (run: string, failed: boolean) => sql.raw(statesWith(run, failed));
const inRow = (run: string, column: string) =>
  sql.raw(`CASE WHEN ${isSameRun(run)} THEN greatest(1, s.${column}) ELSE s.${column} + 1 END`);
const flappingSince = (run: string, failed: boolean) =>
  sql.raw(`engine.flapping_since(${statesWith(run, failed)}, s.flapping_since)`);

/** `failing`: reported fingerprints, with one more failure. Reads `reported`. */
export const rememberFailures = sql`failing AS (
    INSERT INTO bot_finding_states AS s (fingerprint, bot_id, check_name, component_key, states, failures_in_row,
                                         last_fence, last_execution_id, tally, last_clean_at)
    SELECT fingerprint, bot_id, check_name, component_key, ARRAY[true], 1, fence, run, tally, CASE verdict WHEN 'clean' THEN started_at END
    FROM reported ORDER BY fingerprint
    ON CONFLICT (fingerprint) DO UPDATE
    SET states = ${states('excluded.last_execution_id', true)},
        flapping_since = ${flappingSince('excluded.last_execution_id', true)},
        failures_in_row = ${inRow('excluded.last_execution_id', 'failures_in_row')},
        clean_in_row = 0, last_fence = excluded.last_fence, last_execution_id = excluded.last_execution_id,
        tally = coalesce(excluded.tally, s.tally), last_clean_at = greatest(s.last_clean_at, excluded.last_clean_at)
    WHERE s.last_fence <= excluded.last_fence
      -- A cure, an undo or a person acted while the check counted: its report is about the time before.
      AND NOT coalesce(s.cutoff_at <= engine.now()
        AND s.cutoff_at > (SELECT r.counted_from FROM reported r WHERE r.fingerprint = s.fingerprint), false)
    RETURNING fingerprint, bot_id, failures_in_row, last_clean_at, last_execution_id AS run
  )`;

/** `clean`: fingerprints that were examined and not reported, with one more clean result. Reads `runs`, `answers`, `examined_keys` and `reported`. */
export const rememberCleanResults = sql`clean AS (
    UPDATE bot_finding_states s
    SET states = ${states('runs.id', false)}, flapping_since = ${flappingSince('runs.id', false)},
        clean_in_row = ${inRow('runs.id', 'clean_in_row')}, failures_in_row = 0,
        last_clean_at = greatest(s.last_clean_at, runs.started_at), last_fence = runs.fence, last_execution_id = runs.id
    FROM runs JOIN answers e ON e.run = runs.id
    WHERE s.bot_id = runs.bot_id AND (s.watched OR true = ANY (s.states)) AND s.check_name = e.check_name
      -- Looked up in tables: with thousands of open findings, a comparison with each element of an array takes seconds.
      AND e.every <> ((runs.id, s.check_name, s.component_key) IN (SELECT run, check_name, key FROM examined_keys))
      AND s.fingerprint NOT IN (SELECT fingerprint FROM reported)
      AND s.last_fence <= runs.fence
      -- A cure, an undo or a person acted after the check was asked: its clean result is about the time before.
      AND NOT coalesce(s.cutoff_at <= engine.now() AND s.cutoff_at > e.asked_at, false)
    RETURNING s.fingerprint, s.clean_in_row, runs.id AS run, runs.bot_id, runs.fence, runs.started_at, e.asked_at
  )`;

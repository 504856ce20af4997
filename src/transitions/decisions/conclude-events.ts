/**
 * A check of events says what became of a finding that was left alone: it judges by the events after the decision.
 *
 * From: `pending`, with the tally from the time of the decision.
 * To: `persisted`, `undecided`, `recovered`; or `pending`, when it is clean and the hold window is not over.
 * By: the worker that records the verdict (part of `record`), under the run's fence.
 * Locks: decisions, after the memories of all that the same statement records.
 * Zero rows: the decision was made by this run, or was concluded before.
 */
import { sql } from 'kysely';

/** `concluded`. Reads `runs`, and, only so that they come first, `failing` and `clean`. */
export const concludeEvents = sql`concluded AS (
    -- Counts are always at least 0: they are read below so that the parts above write the memories before this one.
    UPDATE bot_decisions d
    SET outcome = CASE v.verdict WHEN 'failing' THEN 'persisted' WHEN 'undecided' THEN 'undecided'
                  ELSE CASE WHEN d.hold_until < runs.started_at THEN 'recovered' ELSE 'pending' END END,
        clean_at = CASE v.verdict WHEN 'clean' THEN coalesce(d.clean_at, engine.now()) ELSE d.clean_at END,
        hold_until = CASE v.verdict WHEN 'clean' THEN coalesce(d.hold_until, engine.now() + (SELECT engine.hold_window()))
                     ELSE d.hold_until END,
        settled_at = CASE WHEN v.verdict <> 'clean' OR d.hold_until < runs.started_at THEN engine.now() END
    FROM runs JOIN LATERAL jsonb_to_recordset(runs.decision_verdicts) AS v (id bigint, verdict text) ON true
    WHERE d.id = v.id AND d.outcome = 'pending' AND d.execution_id IS DISTINCT FROM runs.id
      AND (SELECT count(*) FROM failing) >= 0 AND (SELECT count(*) FROM clean) >= 0
  )`;

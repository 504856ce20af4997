import { sql } from 'kysely';
import { isRunning } from '../../data/bots/fence.ts';
import { cured } from '../../heal/verify.ts';
import type { Finding } from '../tasks/finding.ts';
import type { Recording } from './recording.ts';
import { statement } from '../../batch/statement.ts';
import type { Run } from './run.ts';

/** An open finding that this run saw. */
export interface RecordedFinding extends Finding {
  id: string;
  bot_id: string;
  occurrences: number;
}

export interface Recorded {
  open: RecordedFinding[];
  resolved: number;
}

/** A row of {@link recordRuns}: one open finding, or one that was resolved (`id` is null). */
export interface RecordedRow {
  run: string;
  id: string | null;
  fingerprint: string;
  occurrences: number;
}

/** Of one run; `rows` are its own. */
export function recordedOf(run: Run, { findings }: Recording, rows: RecordedRow[]): Recorded {
  const written = new Map(rows.flatMap((row) => (row.id ? [[row.fingerprint, row] as const] : [])));
  const open = findings.flatMap((finding) => {
    const row = written.get(finding.fingerprint);
    return row
      ? [{ ...finding, id: row.id!, bot_id: run.bot.id, occurrences: row.occurrences }]
      : [];
  });
  return { open, resolved: rows.length - open.length };
}

/** `$1` and `$2` of {@link recordRuns}; at most one run of a bot. */
export const recordValues = (runs: { run: Run; recording: Recording }[]): [string, string] => [
  JSON.stringify(
    runs.map(({ run: { id, fence }, recording: { examined, findings, decided } }) => ({
      id,
      fence,
      examined,
      decided,
      reported: findings.map((finding) => finding.fingerprint),
    })),
  ),
  JSON.stringify(
    runs.flatMap(({ run, recording }) =>
      recording.findings.map((finding) => ({ run: run.id, ...finding })),
    ),
  ),
];

// A fingerprint's memory holds one result for each run: a further attempt of the same run writes over
// the one before it. `s` is bot_finding_states, `run` the id of the run that has the result.
const again = (run: string) => `s.last_execution_id IS NOT DISTINCT FROM ${run}`;
const earlier = (run: string) =>
  `(CASE WHEN ${again(run)} THEN trim_array(s.states, least(1, cardinality(s.states))) ELSE s.states END)`;
const remembered = (run: string, failed: boolean) =>
  `(${earlier(run)} || ${failed})[greatest(1, cardinality(${earlier(run)}) - 19) :]`;
const remember = (run: string, failed: boolean) => sql.raw(remembered(run, failed));
const inRow = (run: string, column: string) =>
  sql.raw(`CASE WHEN ${again(run)} THEN greatest(1, s.${column}) ELSE s.${column} + 1 END`);
const flapping = (run: string, failed: boolean) =>
  sql.raw(`engine.flapping_since(${remembered(run, failed)}, s.flapping_since)`);

/**
 * Writes what the checks of many runs saw, in a transaction that holds them: reported findings are
 * inserted or count again (once a run, whatever the attempt), once they have failed as often in a row as
 * their bot's `confirm` says; those whose key was examined and not reported resolve, once they were clean
 * `clear` times in a row. A fingerprint that a newer start has written about already (`last_fence`) is left
 * as it is. Done twice it changes nothing more.
 *
 * What the result says about earlier decisions and cures is written down with it: a failure ends the hold
 * window of a cure as a relapse, and says that a finding which was left alone persisted. Whether one has
 * held, or recovered, is known only after the window (src/maintain/settle.ts).
 *
 * What resolved a finding: a cure that was applied and is verified by this clean result (auto-fixed, or
 * escalated where a ticket was open by then), a person who resolved its ticket (manual), or nobody (cleared).
 */
export const recordRuns = statement<RecordedRow>(
  'record',
  sql`
  WITH runs AS MATERIALIZED (
    SELECT e.id, e.bot_id, e.fence, e.started_at, r.examined, r.reported, r.decided
    FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, fence bigint, examined jsonb, reported text[], decided jsonb)
    JOIN bot_executions e ON e.id = r.id AND e.fence = r.fence AND ${isRunning}
  ), reported AS MATERIALIZED (
    SELECT runs.bot_id, runs.fence, runs.started_at, f.*
    FROM jsonb_to_recordset($2::jsonb) AS f (run uuid, severity text, category text, title text, description text,
      affected_component text, metadata jsonb, check_name text, component_key text, fingerprint text,
      tally jsonb, verdict text,
      counted_from timestamptz)
    JOIN runs ON runs.id = f.run
  ), failing AS (
    INSERT INTO bot_finding_states AS s (fingerprint, bot_id, check_name, component_key, states, failures_in_row,
                                         last_fence, last_execution_id, tally, last_clean_at)
    SELECT fingerprint, bot_id, check_name, component_key, ARRAY[true], 1, fence, run, tally, CASE verdict WHEN 'clean' THEN started_at END
    FROM reported ORDER BY fingerprint
    ON CONFLICT (fingerprint) DO UPDATE
    SET states = ${remember('excluded.last_execution_id', true)},
        flapping_since = ${flapping('excluded.last_execution_id', true)},
        failures_in_row = ${inRow('excluded.last_execution_id', 'failures_in_row')},
        clean_in_row = 0, last_fence = excluded.last_fence, last_execution_id = excluded.last_execution_id,
        tally = coalesce(excluded.tally, s.tally), last_clean_at = greatest(s.last_clean_at, excluded.last_clean_at)
    WHERE s.last_fence <= excluded.last_fence
      -- A cure, an undo or a person came while the check counted: what it reports is from before.
      AND NOT coalesce(s.cutoff_at <= engine.now()
        AND s.cutoff_at > (SELECT r.counted_from FROM reported r WHERE r.fingerprint = s.fingerprint), false)
    RETURNING fingerprint, bot_id, failures_in_row, last_clean_at, last_execution_id AS run
  ), counting AS MATERIALIZED (
    SELECT s.fingerprint FROM failing s JOIN bots b ON b.id = s.bot_id
    WHERE s.failures_in_row >= b.confirm
      OR EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = s.bot_id AND f.fingerprint = s.fingerprint AND f.resolved_at IS NULL)
  ), relapsed AS (
    UPDATE bot_actions a
    SET state = 'relapsed', success = false, settled_at = engine.now()
    FROM failing JOIN reported r ON r.fingerprint = failing.fingerprint
    -- A run that began before the cure may have looked before it.
    WHERE r.verdict IS NULL AND a.fingerprint = failing.fingerprint AND a.state = 'verified' AND a.applied_at <= r.started_at
      -- It has held already, which only has not been concluded yet.
      AND NOT coalesce(failing.last_clean_at > a.hold_until, false)
  ), persisted AS (
    UPDATE bot_decisions d
    SET outcome = 'persisted', settled_at = engine.now()
    FROM failing
    WHERE d.fingerprint = failing.fingerprint AND d.outcome = 'pending' AND d.execution_id IS DISTINCT FROM failing.run
      -- Of events it is judged by those after the decision.
      AND d.tally IS NULL
      AND NOT coalesce(failing.last_clean_at > d.hold_until, false)
  ), written AS (
    INSERT INTO bot_findings AS f (bot_id, execution_id, severity, category, title, description, affected_component,
                                   metadata, check_name, component_key, fingerprint, detected_at, last_seen_at,
                                   last_execution_id, last_fence)
    SELECT r.bot_id, r.run, r.severity, r.category, r.title, r.description, r.affected_component, r.metadata,
           r.check_name, r.component_key, r.fingerprint, engine.now(), engine.now(), r.run, r.fence
    FROM reported r
    -- IS TRUE keeps it a hash: a join with what is estimated as one row would be a loop in a loop.
    WHERE (r.fingerprint IN (SELECT fingerprint FROM counting)) IS TRUE
    ORDER BY r.fingerprint
    ON CONFLICT (bot_id, fingerprint) WHERE resolved_at IS NULL DO UPDATE
    SET occurrences = f.occurrences + (f.last_execution_id IS DISTINCT FROM excluded.last_execution_id)::int,
        severity = excluded.severity, title = excluded.title, description = excluded.description,
        metadata = excluded.metadata, suppressed_by = NULL, last_seen_at = excluded.last_seen_at,
        last_execution_id = excluded.last_execution_id, last_fence = excluded.last_fence
    RETURNING f.last_execution_id AS run, f.id, f.fingerprint, f.occurrences
  ), clean AS (
    UPDATE bot_finding_states s
    SET states = ${remember('runs.id', false)}, flapping_since = ${flapping('runs.id', false)},
        clean_in_row = ${inRow('runs.id', 'clean_in_row')}, failures_in_row = 0,
        last_clean_at = greatest(s.last_clean_at, runs.started_at), last_fence = runs.fence, last_execution_id = runs.id
    FROM runs
    JOIN LATERAL jsonb_to_recordset(runs.examined) AS e (check_name text, asked_at timestamptz, every boolean, keys text[]) ON true
    WHERE s.bot_id = runs.bot_id AND (s.watched OR true = ANY (s.states)) AND s.check_name = e.check_name
      AND e.every <> (s.component_key = ANY (e.keys)) AND s.fingerprint <> ALL (runs.reported)
      AND s.last_fence <= runs.fence
      -- A cure, an undo or a person came after it was asked: that it is clean was said of the time before.
      AND NOT coalesce(s.cutoff_at <= engine.now() AND s.cutoff_at > e.asked_at, false)
    RETURNING s.fingerprint, s.clean_in_row, runs.id AS run, runs.bot_id, runs.fence, runs.started_at, e.asked_at
  ), verified AS (
    UPDATE bot_actions a
    SET success = true, ${cured}
    FROM clean WHERE a.fingerprint = clean.fingerprint AND a.state = 'applied'
      -- Of events a run that began before the cure has not counted from there.
      AND (clean.asked_at IS NULL OR a.judge_within IS NOT NULL AND a.applied_at <= clean.started_at)
  ), recovering AS (
    UPDATE bot_decisions d
    SET hold_until = engine.now() + (SELECT engine.hold_window())
    FROM clean
    WHERE d.fingerprint = clean.fingerprint AND d.outcome = 'pending' AND d.hold_until IS NULL
      AND d.execution_id IS DISTINCT FROM clean.run AND d.tally IS NULL
  ), decided AS (
    -- Their memories are held already; what the statement above writes about them comes first.
    UPDATE bot_decisions d
    SET outcome = CASE v.verdict WHEN 'failing' THEN 'persisted' WHEN 'undecided' THEN 'undecided'
                  ELSE CASE WHEN d.hold_until < runs.started_at THEN 'recovered' ELSE 'pending' END END,
        clean_at = CASE v.verdict WHEN 'clean' THEN coalesce(d.clean_at, engine.now()) ELSE d.clean_at END,
        hold_until = CASE v.verdict WHEN 'clean' THEN coalesce(d.hold_until, engine.now() + (SELECT engine.hold_window()))
                     ELSE d.hold_until END,
        settled_at = CASE WHEN v.verdict <> 'clean' OR d.hold_until < runs.started_at THEN engine.now() END
    FROM runs JOIN LATERAL jsonb_to_recordset(runs.decided) AS v (id bigint, verdict text) ON true
    WHERE d.id = v.id AND d.outcome = 'pending' AND d.execution_id IS DISTINCT FROM runs.id
      AND (SELECT count(*) FROM failing) >= 0 AND (SELECT count(*) FROM clean) >= 0
  ), aborted AS (
    -- What was only intended must not be applied when the problem comes back one day.
    UPDATE bot_actions a
    SET state = 'aborted', error_message = 'the problem was gone before it was applied', settled_at = engine.now()
    FROM clean WHERE a.fingerprint = clean.fingerprint AND a.state = 'intent'
      -- What was begun outside may have happened: it is asked about (src/heal/ask.ts).
      AND NOT a.evidence ? 'begun'
      -- Another run may be carrying it out right now.
      AND NOT EXISTS (SELECT FROM bot_executions e
                      WHERE e.id = a.execution_id AND e.id <> clean.run AND e.status IN ('queued', 'running'))
  ), resolved AS (
    UPDATE bot_findings f
    SET resolved_at = engine.now(), last_fence = clean.fence,
        resolution_method = CASE
          WHEN EXISTS (SELECT FROM bot_actions a WHERE a.finding_id = f.id AND a.state IN ('applied', 'verified', 'held')) THEN
            CASE WHEN EXISTS (SELECT FROM bot_tickets t WHERE t.fingerprint = f.fingerprint AND t.status IN ('open', 'assigned'))
                 THEN 'escalated' ELSE 'auto-fixed' END
          WHEN EXISTS (SELECT FROM bot_tickets t WHERE t.fingerprint = f.fingerprint
                         AND t.status IN ('resolved', 'closed') AND t.resolved_at >= f.detected_at) THEN 'manual'
          ELSE 'cleared' END
    FROM clean JOIN bots b ON b.id = clean.bot_id
    WHERE f.bot_id = clean.bot_id AND f.fingerprint = clean.fingerprint AND f.resolved_at IS NULL
      AND clean.clean_in_row >= b.clear
    RETURNING clean.run, f.fingerprint
  )
  SELECT run, id, fingerprint, occurrences FROM written
  UNION ALL
  SELECT run, NULL, fingerprint, 0 FROM resolved`,
);

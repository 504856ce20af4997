import { sql } from 'kysely';
import { isUnderFence } from '../../data/bots/fence.ts';
import { statement } from '../../batch/statement.ts';
import { abortIntentsOfClean } from '../../transitions/actions/abort.ts';
import { relapse } from '../../transitions/actions/relapse.ts';
import { verifyCures } from '../../transitions/actions/verify.ts';
import { noteExamined } from '../../transitions/bots/note-examined.ts';
import { concludeEvents } from '../../transitions/decisions/conclude-events.ts';
import { persist } from '../../transitions/decisions/persist.ts';
import { beginRecovery } from '../../transitions/decisions/recover.ts';
import { countFindings, findConfirmed } from '../../transitions/findings/count.ts';
import { unmarkExamined, markUnexamined } from '../../transitions/findings/note-unexamined.ts';
import { rememberCleanResults, rememberFailures } from '../../transitions/findings/remember.ts';
import { resolveFindings } from '../../transitions/findings/resolve.ts';
import { endUnreported } from '../../transitions/findings/end-unreported.ts';
import { leaveUnreported } from '../../transitions/actions/leave-unreported.ts';
import { touchUnreported } from '../../transitions/decisions/touch.ts';
import type { Finding } from '../tasks/finding.ts';
import type { RecordInput } from './record-input.ts';
import type { Run } from './run.ts';

/** An open finding that the run reported. */
export interface SeenFinding extends Finding {
  id: string;
  bot_id: string;
  occurrences: number;
}

/** What recording a run has done. */
export interface RecordResult {
  /** the findings that the run reported and that are open now */
  open: SeenFinding[];
  /** how many findings the run has resolved */
  resolved: number;
}

/** One change that {@link recordRuns} has made for a run. */
export type RecordedChange = { run: string; fingerprint: string } & (
  | {
      what: 'opened' | 'counted';
      id: string;
      occurrences: number;
      component: string;
      severity: string;
    }
  | { what: 'resolved'; id: null }
  /** a change of an action: `id` is the action's */
  | { what: 'verified' | 'held' | 'relapsed'; id: string; remedy: string; component: string }
);

/** The result for one run; `changes` are the changes of this run alone. */
export function recordResultOf(
  run: Run,
  { findings }: RecordInput,
  changes: RecordedChange[],
): RecordResult {
  const written = new Map(
    changes.flatMap((row) =>
      row.what === 'opened' || row.what === 'counted' ? [[row.fingerprint, row] as const] : [],
    ),
  );
  const open = findings.flatMap((finding) => {
    const row = written.get(finding.fingerprint);
    return row
      ? [{ ...finding, id: row.id, bot_id: run.bot.id, occurrences: row.occurrences }]
      : [];
  });
  return { open, resolved: changes.filter(({ what }) => what === 'resolved').length };
}

/** `$1` and `$2` of {@link recordRuns}; at most one run of a bot. */
export const recordValues = (runs: { run: Run; recording: RecordInput }[]): [string, string] => [
  JSON.stringify(
    runs.map(({ run: { id, fence }, recording }) => ({
      id,
      fence,
      examined: recording.examined,
      bot_checks: recording.botChecks,
      component_counts: recording.componentCounts,
      examined_any: recording.examinedAny,
      decision_verdicts: recording.decisionVerdicts,
      reported: recording.findings.map((finding) => finding.fingerprint),
    })),
  ),
  JSON.stringify(
    runs.flatMap(({ run, recording }) =>
      recording.findings.map((finding) => ({ run: run.id, ...finding })),
    ),
  ),
];

/** `runs`: the runs of `$1` that are still running under their fence. */
const runs = sql`input AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb)
      AS input (id uuid, fence bigint, examined jsonb, bot_checks text[], component_counts jsonb, examined_any boolean,
                reported text[], decision_verdicts jsonb)
  ), runs AS MATERIALIZED (
    SELECT e.id, e.bot_id, e.fence, e.started_at, input.examined, input.bot_checks, input.component_counts,
           input.examined_any, input.reported, input.decision_verdicts
    FROM input JOIN bot_executions e ON ${isUnderFence('input')}
  )`;

/**
 * `answers`: what each check of these runs looked at, a row each; `examined_keys`: the keys that it names one by one. They are read once: for
 * each finding of a bot, its runs' JSON would be read again.
 */
const answers = sql`answers AS MATERIALIZED (
    SELECT runs.id AS run, e.*
    FROM runs CROSS JOIN jsonb_to_recordset(runs.examined) AS e (check_name text, asked_at timestamptz, every boolean, keys text[],
      undecided text[], partial boolean, unreported jsonb)
  ), examined_keys AS MATERIALIZED (
    SELECT run, check_name, unnest(keys) AS key FROM answers
  )`;

/** `reported`: the findings of `$2`, each with its run. */
const reported = sql`reported AS MATERIALIZED (
    SELECT runs.bot_id, runs.fence, runs.started_at, f.*
    FROM jsonb_to_recordset($2::jsonb) AS f (run uuid, severity text, category text, title text, description text,
      affected_component text, metadata jsonb, check_name text, component_key text, fingerprint text,
      tally jsonb, verdict text,
      counted_from timestamptz, certain boolean, times int)
    JOIN runs ON runs.id = f.run
  )`;

/**
 * Writes what the checks of many runs saw, in a transaction that holds these runs. A reported finding is inserted when its
 * check has failed as many times in a row as its bot's `confirm` says, or at once where it is certain; an open one is counted
 * again, a single time for all attempts of a run. An open finding whose key was examined and not reported is resolved when its
 * check was clean `clear` times in a row. A fingerprint about which a newer start has already written (`last_fence`) stays as it is. Recording the
 * same result a second time changes nothing.
 *
 * What the result says about earlier decisions and cures is written with it: a failure ends the hold window of a cure
 * as a relapse, and says that a finding which was left alone persisted. Whether a cure has held, or a finding
 * recovered, is known only after the window (src/maintain/settle.ts).
 *
 * Each part is a transition of its own (src/transitions/); a part names the earlier parts whose rows it reads. They
 * share one statement because they share one snapshot, and one answer of the server.
 */
export const recordRuns = statement<RecordedChange>(
  'record',
  sql`
  WITH ${sql.join([
    runs,
    answers,
    reported,
    rememberFailures,
    findConfirmed,
    relapse,
    persist,
    countFindings,
    rememberCleanResults,
    verifyCures,
    beginRecovery,
    concludeEvents,
    abortIntentsOfClean,
    resolveFindings,
    endUnreported,
    leaveUnreported,
    touchUnreported,
    markUnexamined,
    unmarkExamined,
    noteExamined,
  ])}
  SELECT run, fingerprint, CASE WHEN is_new THEN 'opened' ELSE 'counted' END AS what, id, occurrences,
         NULL AS remedy, component, severity FROM written
  UNION ALL
  SELECT run, fingerprint, 'resolved', NULL, NULL, NULL, NULL, NULL FROM resolved
  UNION ALL
  SELECT run, fingerprint, 'resolved', NULL, NULL, NULL, NULL, NULL FROM unreported
  UNION ALL
  SELECT run, fingerprint, state, id, NULL, remedy, component, NULL FROM clean_cures
  UNION ALL
  SELECT run, fingerprint, 'relapsed', id, NULL, remedy, component, NULL FROM relapsed`,
);

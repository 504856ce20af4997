import { sql } from 'kysely';
import { isHeldAs } from '../../data/bots/fence.ts';
import { statement } from '../../batch/statement.ts';
import { abortNeedless } from '../../transitions/actions/abort.ts';
import { relapse } from '../../transitions/actions/relapse.ts';
import { verifyCures } from '../../transitions/actions/verify.ts';
import { noteExamined } from '../../transitions/bots/note-examined.ts';
import { concludeEvents } from '../../transitions/decisions/conclude-events.ts';
import { persist } from '../../transitions/decisions/persist.ts';
import { beginRecovery } from '../../transitions/decisions/recover.ts';
import { countFindings, findConfirmed } from '../../transitions/findings/count.ts';
import { noteExaminedAgain, noteUnexamined } from '../../transitions/findings/note-unexamined.ts';
import { rememberCleanResults, rememberFailures } from '../../transitions/findings/remember.ts';
import { resolveFindings } from '../../transitions/findings/resolve.ts';
import type { Finding } from '../tasks/finding.ts';
import type { Recording } from './recording.ts';
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

/** A row of {@link recordRuns}: what a run has changed. */
export type RecordedRow = { run: string; fingerprint: string } & (
  | {
      what: 'opened' | 'counted';
      id: string;
      occurrences: number;
      component: string;
      severity: string;
    }
  | { what: 'resolved'; id: null }
  /** of a heal: `id` is the action's */
  | { what: 'verified' | 'held' | 'relapsed'; id: string; remedy: string; component: string }
);

/** Of one run; `rows` are its own. */
export function recordedOf(run: Run, { findings }: Recording, rows: RecordedRow[]): Recorded {
  const written = new Map(
    rows.flatMap((row) =>
      row.what === 'opened' || row.what === 'counted' ? [[row.fingerprint, row] as const] : [],
    ),
  );
  const open = findings.flatMap((finding) => {
    const row = written.get(finding.fingerprint);
    return row
      ? [{ ...finding, id: row.id, bot_id: run.bot.id, occurrences: row.occurrences }]
      : [];
  });
  return { open, resolved: rows.filter(({ what }) => what === 'resolved').length };
}

/** `$1` and `$2` of {@link recordRuns}; at most one run of a bot. */
export const recordValues = (runs: { run: Run; recording: Recording }[]): [string, string] => [
  JSON.stringify(
    runs.map(
      ({ run: { id, fence }, recording: { examined, asked, counts, findings, decided } }) => ({
        id,
        fence,
        examined,
        asked,
        counts,
        looked: Object.values(counts).some((count) => count > 0),
        decided,
        reported: findings.map((finding) => finding.fingerprint),
      }),
    ),
  ),
  JSON.stringify(
    runs.flatMap(({ run, recording }) =>
      recording.findings.map((finding) => ({ run: run.id, ...finding })),
    ),
  ),
];

/** `runs`: those of `$1` that are held. */
const runs = sql`input AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb)
      AS input (id uuid, fence bigint, examined jsonb, asked text[], counts jsonb, looked boolean, reported text[],
                decided jsonb)
  ), runs AS MATERIALIZED (
    SELECT e.id, e.bot_id, e.fence, e.started_at, input.examined, input.asked, input.counts, input.looked,
           input.reported, input.decided
    FROM input JOIN bot_executions e ON ${isHeldAs('input')}
  )`;

/** `reported`: the findings of `$2`, each with its run. */
const reported = sql`reported AS MATERIALIZED (
    SELECT runs.bot_id, runs.fence, runs.started_at, f.*
    FROM jsonb_to_recordset($2::jsonb) AS f (run uuid, severity text, category text, title text, description text,
      affected_component text, metadata jsonb, check_name text, component_key text, fingerprint text,
      tally jsonb, verdict text,
      counted_from timestamptz)
    JOIN runs ON runs.id = f.run
  )`;

/**
 * Writes what the checks of many runs saw, in a transaction that holds these runs. A reported finding is inserted, or
 * counted again (once a run, however many attempts), once it has failed as often in a row as its bot's `confirm` says.
 * A finding whose key was examined and not reported is resolved, once it was clean `clear` times in a row. A
 * fingerprint about which a newer start has already written (`last_fence`) stays as it is. Recording the same result
 * twice changes nothing more.
 *
 * What the result says about earlier decisions and cures is written with it: a failure ends the hold window of a cure
 * as a relapse, and says that a finding which was left alone persisted. Whether a cure has held, or a finding
 * recovered, is known only after the window (src/maintain/settle.ts).
 *
 * Each part is a transition of its own (src/transitions/); a part names the earlier parts whose rows it reads. They
 * share one statement because they share one snapshot, and one answer of the server.
 */
export const recordRuns = statement<RecordedRow>(
  'record',
  sql`
  WITH ${sql.join([
    runs,
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
    abortNeedless,
    resolveFindings,
    noteUnexamined,
    noteExaminedAgain,
    noteExamined,
  ])}
  SELECT run, fingerprint, CASE WHEN is_new THEN 'opened' ELSE 'counted' END AS what, id, occurrences,
         NULL AS remedy, component, severity FROM written
  UNION ALL
  SELECT run, fingerprint, 'resolved', NULL, NULL, NULL, NULL, NULL FROM resolved
  UNION ALL
  SELECT run, fingerprint, state, id, NULL, remedy, component, NULL FROM verified
  UNION ALL
  SELECT run, fingerprint, 'relapsed', id, NULL, remedy, component, NULL FROM relapsed`,
);

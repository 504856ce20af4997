/** Turns the outcomes of a run's checks into what `recordRuns` takes (record.ts). */
import type { CheckResult } from '../../contract/finding.ts';
import { storable } from '../../ground/text.ts';
import { examinedCount, type CheckOutcome, type JudgedKeys } from '../tasks/outcome.ts';
import { examinedColumns, maxFindings, toFinding, type Finding } from '../tasks/finding.ts';
import type { PausingRun } from '../../transitions/bots/pause-by-run.ts';
import type { CheckMemory } from '../../transitions/bots/remember-checks.ts';
import type { Dependent } from '../../transitions/findings/suppress.ts';
import type { Run } from './run.ts';

/** What the checks of one run say: which findings they report, and which keys they looked at. */
export interface RecordInput {
  /** one for each fingerprint, in the order of fingerprints */
  findings: Finding[];
  examined: {
    check_name: string;
    asked_at: Date | null;
    every: boolean;
    keys: string[];
    /** keys that it looked at, but about which nothing may be recorded */
    undecided: string[];
    /** it is told of changes: what it does not name is not unexamined */
    partial: boolean;
    /** keys that are not looked at any more, and why: their findings end, and nothing is judged */
    unreported: { key: string; why: string }[];
  }[];
  /** the names of all checks of the bot; null when the run was stopped before it came to all of them */
  botChecks: string[] | null;
  /** for each check that gave an answer, by its name: how many components it looked at; false where they are unrelated */
  componentCounts: Record<string, number | false>;
  /** whether the checks looked at anything at all */
  examinedAny: boolean;
  /** what event checks say about findings that were left alone */
  decisionVerdicts: JudgedKeys['decisions'];
  /** by the name of the check: what its result says to remember */
  memories: Record<string, unknown>;
  /** why a check wants its bot to be paused; null where none does */
  pause: string | null;
}

/**
 * A check that erred or was skipped says nothing; a check whose list was cut short examined nothing. When the verdict
 * on a key of an event check is unclear, nothing about this key is recorded.
 */
export function recordInputOf(run: Run, outcomes: CheckOutcome[]): RecordInput {
  const findings = new Map<string, Finding>();
  const examined: RecordInput['examined'] = [];
  for (const outcome of outcomes) {
    if (!('result' in outcome)) continue;
    const { result, name, judged } = outcome;
    for (const reported of result.findings) {
      const finding = judgedFinding(toFinding(run.bot.id, name, reported), judged);
      if (finding && findings.size < maxFindings) findings.set(finding.fingerprint, finding);
    }
    if (!result.truncated && findings.size < maxFindings)
      examined.push({
        check_name: name,
        asked_at: judged?.askedAt ?? null,
        ...examinedColumns(result, unclearKeys(judged)),
        undecided: judged ? undecidedKeys(result, judged) : [],
        partial: result.partial === true,
        unreported: (result.unreported ?? []).map(({ key, why }) => ({ key: storable(key), why })),
      });
  }
  return {
    findings: [...findings.values()].toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
    examined,
    botChecks: run.signal.aborted ? null : [...new Set(outcomes.map(({ name }) => name))],
    componentCounts: componentCountsOf(outcomes),
    examinedAny: outcomes.some(
      (outcome) => 'result' in outcome && examinedCount(outcome.result) > 0,
    ),
    decisionVerdicts: outcomes.flatMap((outcome) =>
      'result' in outcome ? (outcome.judged?.decisions ?? []) : [],
    ),
    memories: Object.fromEntries(
      outcomes.flatMap((outcome) =>
        'result' in outcome && outcome.result.remember !== undefined
          ? [[outcome.name, outcome.result.remember]]
          : [],
      ),
    ),
    pause:
      outcomes
        .map((outcome) => ('result' in outcome ? outcome.result.pauseBot : undefined))
        .find((reason) => reason !== undefined) ?? null,
  };
}

/**
 * Adds to a reported finding what its check counted. Null when the finding is not recorded: either there are too few events for
 * a verdict, or the same result verifies a cure of it. In the second case the open finding is resolved, and if the check
 * reports its key again the next time, that is a new finding.
 */
function judgedFinding(finding: Finding, judged: JudgedKeys | undefined): Finding | null {
  if (!judged) return finding;
  const { component_key: key, severity } = finding;
  const { verdict = 'failing', state = null } = judged.verdicts.get(key) ?? {};
  const { from: counted_from, ...counted } = judged.tallies.get(key)!;
  const fingerprint = judged.fingerprints.get(key) ?? finding.fingerprint;
  const seen = { ...finding, fingerprint, tally: { ...counted, severity }, counted_from };
  if (verdict === 'failing') return seen;
  return state === 'verified' ? { ...seen, verdict } : null;
}

const unclearKeys = (judged: JudgedKeys | undefined): string[] =>
  [...(judged?.verdicts ?? [])].flatMap(([key, { verdict }]) =>
    verdict === 'unclear' ? [key] : [],
  );

/** The unclear keys, about which nothing is recorded, and the reported ones, of which some are not recorded. */
const undecidedKeys = ({ findings }: CheckResult, judged: JudgedKeys): string[] => [
  ...unclearKeys(judged),
  ...findings.map(({ component, key = component }) => storable(key)),
];

const componentCountsOf = (outcomes: CheckOutcome[]): RecordInput['componentCounts'] =>
  Object.fromEntries(
    outcomes.flatMap((outcome) =>
      'result' in outcome
        ? [[outcome.name, outcome.result.unrelated ? false : examinedCount(outcome.result)]]
        : [],
    ),
  );

/** What the checks of these runs say to remember: `$1` of `rememberChecks`. */
export const memoriesOf = (runs: { run: Run; recording: RecordInput }[]): CheckMemory[] =>
  runs.flatMap(({ run: { id, fence }, recording }) =>
    Object.entries(recording.memories).map(([check_name, remembered]) => ({
      id,
      fence,
      check_name,
      remembered,
    })),
  );

/** The runs that pause their bots: `$1` of `pauseBotsOfRuns`. */
export const pausesOf = (runs: { run: Run; recording: RecordInput }[]): PausingRun[] =>
  runs.flatMap(({ run: { id, fence, bot }, recording: { pause } }) =>
    pause === null ? [] : [{ id, fence, endpoint: bot.endpoint, reason: pause }],
  );

/** The reported findings of these runs that depend on components: `$1` of `suppressFindings`. */
export const dependentFindings = (runs: { run: Run; recording: RecordInput }[]): Dependent[] =>
  runs.flatMap(({ run: { id, fence }, recording }) =>
    recording.findings.flatMap(({ fingerprint, depends_on }) =>
      depends_on.length > 0 ? [{ id, fence, fingerprint, depends_on }] : [],
    ),
  );

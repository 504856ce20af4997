/** What a run's checks saw, as it is recorded: what each check says about findings, and which keys it looked at. */
import type { CheckResult } from '../../contract/finding.ts';
import { storable } from '../../ground/text.ts';
import { examinedCount, type CheckOutcome, type JudgedKeys } from '../tasks/outcome.ts';
import { examinedColumns, maxFindings, toFinding, type Finding } from '../tasks/finding.ts';
import type { Dependent } from '../../transitions/findings/suppress.ts';
import type { Run } from './run.ts';

/** As `recordRuns` takes it (record.ts). */
export interface Recording {
  /** one for each fingerprint, in the order of fingerprints */
  findings: Finding[];
  examined: {
    check_name: string;
    asked_at: Date | null;
    every: boolean;
    keys: string[];
    /** keys at which it looked, and of which nothing is recorded */
    undecided: string[];
  }[];
  /** all checks of the bot; null when the run was stopped before it came to all of them */
  asked: string[] | null;
  /** how many components each check looked at that gave an answer */
  counts: Record<string, number>;
  /** what event checks say about findings that were left alone */
  decided: JudgedKeys['decisions'];
}

/**
 * A check that erred or was skipped says nothing; a check whose list was cut short examined nothing. When the verdict
 * on a key of an event check is unclear, nothing about this key is recorded.
 */
export function recordingOf(run: Run, outcomes: CheckOutcome[]): Recording {
  const findings = new Map<string, Finding>();
  const examined: Recording['examined'] = [];
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
      });
  }
  return {
    findings: [...findings.values()].toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
    examined,
    asked: run.signal.aborted ? null : [...new Set(outcomes.map(({ name }) => name))],
    counts: countsOf(outcomes),
    decided: outcomes.flatMap((outcome) =>
      'result' in outcome ? (outcome.judged?.decisions ?? []) : [],
    ),
  };
}

/**
 * Adds what was counted. Null when the report is not recorded: either too little was seen to tell, or this same result
 * verifies the cure. In that case the old finding is resolved, and if a rest is reported again the next time, it is a
 * new finding.
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

/** Those, and the reported ones: of some nothing is recorded. */
const undecidedKeys = ({ findings }: CheckResult, judged: JudgedKeys): string[] => [
  ...unclearKeys(judged),
  ...findings.map(({ component, key = component }) => storable(key)),
];

const countsOf = (outcomes: CheckOutcome[]): Recording['counts'] =>
  Object.fromEntries(
    outcomes.flatMap((outcome) =>
      'result' in outcome ? [[outcome.name, examinedCount(outcome.result)]] : [],
    ),
  );

/** What these runs found that depends on components: `$1` of `suppressFindings`. */
export const dependentFindings = (runs: { run: Run; recording: Recording }[]): Dependent[] =>
  runs.flatMap(({ run: { id, fence }, recording }) =>
    recording.findings.flatMap(({ fingerprint, depends_on }) =>
      depends_on.length > 0 ? [{ id, fence, fingerprint, depends_on }] : [],
    ),
  );

/** The verdicts on keys and decisions of an event check, by what it counted after a cure or a decision. */
import { verdictByEvents, type TallyBefore, type Verdict } from '../heal/verdict.ts';
import {
  latestOf,
  reportOf,
  reportOn,
  startsOf,
  type Asking,
  type Report,
} from './event-report.ts';
import { severityOf } from './finding.ts';
import type { JudgedKeys, KeyVerdict } from './outcome.ts';
import type { WaitingDecision, WaitingKey } from './waiting-keys.ts';

/** What is to be judged by the events after `cutoff`, and for a clean verdict by those after `start`. */
export interface Case {
  key: string;
  before: TallyBefore | null;
  cutoff: Date;
  start: Date;
}

/**
 * The verdict on each case. Where it needs events from another moment on than the report counted, the check is asked
 * once more; where that brings nothing, the verdict is unclear.
 */
export async function judge(
  { ask, now }: Asking,
  report: Report,
  cases: Case[],
): Promise<Verdict[]> {
  const other = cases.filter(
    ({ cutoff, start }) => start.getTime() !== latestOf(report.from, cutoff).getTime(),
  );
  let further: Report | null = null;
  if (other.length > 0) {
    const from = new Date(Math.min(...other.map(({ start }) => start.getTime())));
    const starts = startsOf(
      other.map(({ key, start }) => ({ key, cutoff: start })),
      from,
    );
    const outcome = await ask({ from, starts, only: starts.map(({ key }) => key) });
    further = outcome && 'result' in outcome ? reportOf(outcome, from) : null;
  }
  return cases.map((one) => {
    const { key, before, cutoff, start } = one;
    const finding = report.findings.get(key);
    const tally = (other.includes(one) ? further : report)?.tallies.get(key);
    // Of a report that was cut short it is not known whether it would have named the key.
    if (!tally || (report.truncated && !finding)) return 'unclear';
    return verdictByEvents(before, {
      reported: finding ? severityOf(finding.severity) : null,
      newestBadAt: report.tallies.get(key)?.newestBadAt ?? null,
      cutoff,
      tally,
      seconds: (now.getTime() - start.getTime()) / 1_000,
    });
  });
}

/** Those with a cure that waits, and those whose open finding no event after the cutoff has shown again. */
export async function judgeKeys(
  asking: Asking,
  report: Report,
  keys: WaitingKey[],
): Promise<JudgedKeys['verdicts']> {
  const waiting = keys.filter(({ state, unseen }) => state !== null || unseen);
  const verdicts = new Map<string, KeyVerdict>();
  if (waiting.length === 0) return verdicts;
  const whole = report.truncated ? (await reportOn(asking, waiting)).report : report;
  const cases = waiting.map(({ key, before, cutoff, state, verifiedAt }) => ({
    key,
    before,
    cutoff,
    start: state === 'verified' && verifiedAt ? latestOf(verifiedAt, cutoff) : cutoff,
  }));
  const found = whole ? await judge(asking, whole, cases) : cases.map(() => 'unclear' as const);
  for (const [at, { key, state }] of waiting.entries())
    verdicts.set(key, { verdict: found[at]!, state });
  return verdicts;
}

/** By the same function, from the decision on: the old events would make every finding that was left alone persist. */
export async function judgeDecisions(
  asking: Asking,
  decisions: WaitingDecision[],
): Promise<JudgedKeys['decisions']> {
  if (decisions.length === 0) return [];
  // Those of one key are judged together, from the latest one on.
  const cases = [...Map.groupBy(decisions, ({ key }) => key)].map(([key, of]) => ({
    key,
    of,
    before: of.at(-1)!.before,
    cutoff: of.map(({ decidedAt }) => decidedAt).reduce(latestOf),
    start: of.map(({ decidedAt, cleanAt }) => cleanAt ?? decidedAt).reduce(latestOf),
  }));
  const { report } = await reportOn(asking, cases);
  if (!report) return [];
  const verdicts = await judge(asking, report, cases);
  return cases.flatMap(({ of }, at) =>
    of.flatMap(({ id, decidedAt, cleanAt }) => {
      const verdict = verdicts[at]!;
      if (verdict !== 'unclear') return { id, verdict };
      const seconds = (asking.now.getTime() - (cleanAt ?? decidedAt).getTime()) / 1_000;
      return seconds >= asking.within ? { id, verdict: 'undecided' as const } : [];
    }),
  );
}

/** The verdicts on keys and decisions of an event check, from what the check counted after a cure or a decision. */
import type { Tally } from '../contract/event-check.ts';
import { verdictByEvents, type TallyBefore, type Verdict } from '../heal/finding/verdict.ts';
import { severityRank } from '../ground/severity.ts';
import {
  latestOf,
  askAbout,
  reportOn,
  startsOf,
  type Asking,
  type Report,
} from './event-report.ts';
import { severityOf } from './tasks/finding.ts';
import type { JudgedKeys, KeyVerdict } from './tasks/outcome.ts';
import type { WaitingDecision, WaitingKey } from './waiting-keys.ts';

/** A case is judged by the events after `cutoff`; for a clean verdict by the events after `start`. */
export interface Case {
  key: string;
  before: TallyBefore | null;
  cutoff: Date;
  start: Date;
}

/** A verdict. `shown`: the check's finding over a longer time than its window, when the verdict rests on it. */
export interface Judged {
  verdict: Verdict;
  shown: { finding: Reported; tally: Tally; from: Date } | null;
}

type Reported = Report['findings'] extends Map<string, infer Finding> ? Finding : never;

/**
 * The verdict on each case. When the report did not count from the case's own moment, the check is asked once more from
 * that moment, and the case has failed when either answer says so. Both answers are needed: the share within a window
 * does not show a few failures an hour, and the share since the cure does not show a failure that has only just begun.
 */
export async function judge(asking: Asking, report: Report, cases: Case[]): Promise<Judged[]> {
  const other = cases.filter(
    ({ cutoff, start }) => start.getTime() !== latestOf(report.from, cutoff).getTime(),
  );
  let further: Report | null = null;
  if (other.length > 0) {
    const from = new Date(Math.min(...other.map(({ start }) => start.getTime())));
    const begins = other.map(({ key, start }) => ({ key, cutoff: start }));
    further = (await askAbout(asking, from, startsOf(begins, from))).report;
  }
  return cases.map((one) => {
    if (!other.includes(one)) return { verdict: verdictIn(report, one, asking.now), shown: null };
    const now = verdictIn(report, one, asking.now);
    if (now === 'failing') return { verdict: now, shown: null };
    if (!further) return { verdict: 'unclear', shown: null };
    const verdict = verdictIn(further, one, asking.now);
    const finding = further.findings.get(one.key);
    const tally = further.tallies.get(one.key);
    if (verdict === 'failing' && finding && tally)
      return { verdict, shown: { finding, tally, from: one.start } };
    const left = report.findings.get(one.key);
    const isStray = !left || severityRank(severityOf(left.severity)) >= severityRank('low');
    return { verdict: isStray ? verdict : 'unclear', shown: null };
  });
}

/**
 * The verdict by one report alone. Unclear when the report was cut short and does not name the key, because the missing
 * part may name it.
 */
function verdictIn(
  { findings, tallies, truncated }: Report,
  { key, before, cutoff, start }: Case,
  now: Date,
): Verdict {
  const finding = findings.get(key);
  const tally = tallies.get(key);
  if (!tally || (truncated && !finding)) return 'unclear';
  return verdictByEvents(before, {
    reported: finding ? severityOf(finding.severity) : null,
    newestBadAt: tally.newestBadAt,
    cutoff,
    tally,
    seconds: (now.getTime() - start.getTime()) / 1_000,
  });
}

/**
 * What the events say about the keys that wait; `shown` holds findings that show only over a time longer than the
 * check's window.
 */
export interface Judgement {
  verdicts: JudgedKeys['verdicts'];
  shown: Map<string, NonNullable<Judged['shown']>>;
}

/**
 * Judges the keys with a cure that waits for a verdict, and those whose open finding was not seen again in any event
 * after the cutoff.
 */
export async function judgeKeys(
  asking: Asking,
  report: Report,
  keys: WaitingKey[],
): Promise<Judgement> {
  const waiting = keys.filter(({ state, unseen }) => state !== null || unseen);
  const verdicts = new Map<string, KeyVerdict>();
  const shown: Judgement['shown'] = new Map();
  if (waiting.length === 0) return { verdicts, shown };
  const whole = report.truncated ? (await reportOn(asking, waiting)).report : report;
  const cases = waiting.map(({ key, before, cutoff, state, verifiedAt }) => ({
    key,
    before,
    cutoff,
    start: state === 'verified' && verifiedAt ? latestOf(verifiedAt, cutoff) : cutoff,
  }));
  const found = whole ? await judge(asking, whole, cases) : [];
  for (const [at, { key, state }] of waiting.entries()) {
    const one = found[at] ?? { verdict: 'unclear', shown: null };
    const isRepeated = isReportedAgain(waiting[at]!, whole, one.verdict, asking.now);
    verdicts.set(key, { verdict: isRepeated ? 'failing' : one.verdict, state });
    // A report that was cut short may not name a key that the check reports when it is asked about this key alone.
    const finding = whole?.findings.get(key);
    const tally = whole?.tallies.get(key);
    const hidden = report.truncated && finding && tally && !report.findings.has(key);
    if (one.shown) shown.set(key, one.shown);
    else if (hidden && one.verdict === 'failing')
      shown.set(key, { finding, tally, from: latestOf(asking.from, cases[at]!.cutoff) });
  }
  return { verdicts, shown };
}

/**
 * After a person resolved a problem, or after an undo, a remaining problem of medium severity does not clearly show
 * that the problem has returned. But people would then never get a ticket about it. So it is reported again after the
 * time within which a person would have had to respond.
 */
function isReportedAgain(
  { key, state, toldAgainAt, cutoff }: WaitingKey,
  report: Report | null,
  verdict: Verdict,
  now: Date,
): boolean {
  const finding = report?.findings.get(key);
  const newest = report?.tallies.get(key)?.newestBadAt;
  if (verdict !== 'unclear' || state !== null || !finding || !newest || newest <= cutoff)
    return false;
  return severityRank(severityOf(finding.severity)) <= severityRank('medium') && now >= toldAgainAt;
}

/**
 * Judges decisions in the same way, but only by the events since the decision: with older events, every finding that
 * was left alone would count as persisted.
 */
export async function judgeDecisions(
  asking: Asking,
  decisions: WaitingDecision[],
): Promise<JudgedKeys['decisions']> {
  if (decisions.length === 0) return [];
  // Decisions on one key are judged together, from the latest one on.
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
      const { verdict } = verdicts[at]!;
      if (verdict !== 'unclear') return { id, verdict };
      const seconds = (asking.now.getTime() - (cleanAt ?? decidedAt).getTime()) / 1_000;
      return seconds >= asking.within ? { id, verdict: 'undecided' as const } : [];
    }),
  );
}

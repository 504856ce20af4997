/** The verdicts on keys and decisions of an event check, from what the check counted after a cure or a decision. */
import type { Tally } from '../contract/event-check.ts';
import { verdictByEvents, type TallyBefore, type Verdict } from '../heal/finding/verdict.ts';
import { severityRank } from '../ground/severity.ts';
import {
  latestOf,
  askAbout,
  askAfterCutoffs,
  startsOf,
  type EventAsker,
  type EventReport,
} from './event-report.ts';
import { severityOf } from './tasks/finding.ts';
import type { JudgedKeys, KeyVerdict } from './tasks/outcome.ts';
import type { WaitingDecision, WaitingKey } from './waiting-keys.ts';

/**
 * A key with a cure or a decision to judge. Whether it is failing is judged by the events after `cutoff`; whether it is clean,
 * by the events after `start`.
 */
export interface Case {
  key: string;
  before: TallyBefore | null;
  cutoff: Date;
  start: Date;
}

/**
 * The verdict on a case. `extra`: the check's finding over a longer time than its window, when that finding is the reason of
 * the verdict; null otherwise.
 */
export interface CaseVerdict {
  verdict: Verdict;
  extra: { finding: Reported; tally: Tally; from: Date } | null;
}

type Reported = EventReport['findings'] extends Map<string, infer Finding> ? Finding : never;

/**
 * The verdict on each case. When the report did not count from the case's own start, the check is asked once more from that
 * start, and the case has failed when either answer says so. Both answers are needed: the share within a window does not show
 * a few failures an hour, and the share since the cure does not show a failure that has only just begun.
 */
export async function judgeCases(
  asker: EventAsker,
  report: EventReport,
  cases: Case[],
): Promise<CaseVerdict[]> {
  const otherStart = cases.filter(
    ({ cutoff, start }) => start.getTime() !== latestOf(report.from, cutoff).getTime(),
  );
  let sinceStart: EventReport | null = null;
  if (otherStart.length > 0) {
    const from = new Date(Math.min(...otherStart.map(({ start }) => start.getTime())));
    const starts = otherStart.map(({ key, start }) => ({ key, cutoff: start }));
    sinceStart = (await askAbout(asker, from, startsOf(starts, from))).report;
  }
  return cases.map((each) => {
    const inWindow = verdictIn(report, each, asker.now);
    if (!otherStart.includes(each) || inWindow === 'failing')
      return { verdict: inWindow, extra: null };
    if (!sinceStart) return { verdict: 'unclear', extra: null };
    const verdict = verdictIn(sinceStart, each, asker.now);
    const finding = sinceStart.findings.get(each.key);
    const tally = sinceStart.tallies.get(each.key);
    if (verdict === 'failing' && finding && tally)
      return { verdict, extra: { finding, tally, from: each.start } };
    // A key that is still reported above low within the window is not known to be clean.
    const reported = report.findings.get(each.key);
    const isMinor = !reported || severityRank(severityOf(reported.severity)) >= severityRank('low');
    return { verdict: isMinor ? verdict : 'unclear', extra: null };
  });
}

/**
 * The verdict by one report alone. Unclear when the report was cut short and does not name the key, because the missing
 * part may name it.
 */
function verdictIn(
  { findings, tallies, truncated }: EventReport,
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
 * The verdicts on keys, by key. `extra`: findings that the check's answer about its window does not name, because they are visible
 * only over a longer time, or because that answer was cut short.
 */
export interface KeyVerdicts {
  verdicts: JudgedKeys['verdicts'];
  extra: Map<string, NonNullable<CaseVerdict['extra']>>;
}

/**
 * Judges the keys with a cure that waits for a verdict, and those whose open finding was not seen again in any event
 * after the cutoff.
 */
export async function judgeKeys(
  asker: EventAsker,
  report: EventReport,
  keys: WaitingKey[],
): Promise<KeyVerdicts> {
  const waiting = keys.filter(({ state, unseen }) => state !== null || unseen);
  const verdicts = new Map<string, KeyVerdict>();
  const extra: KeyVerdicts['extra'] = new Map();
  if (waiting.length === 0) return { verdicts, extra };
  const full = report.truncated ? (await askAfterCutoffs(asker, waiting)).report : report;
  const cases = waiting.map(({ key, before, cutoff, state, verifiedAt }) => ({
    key,
    before,
    cutoff,
    start: state === 'verified' && verifiedAt ? latestOf(verifiedAt, cutoff) : cutoff,
  }));
  const judged = full ? await judgeCases(asker, full, cases) : [];
  for (const [index, { key, state }] of waiting.entries()) {
    const byEvents = judged[index] ?? { verdict: 'unclear', extra: null };
    const isRepeated = isReportedAgain(waiting[index]!, full, byEvents.verdict, asker.now);
    verdicts.set(key, { verdict: isRepeated ? 'failing' : byEvents.verdict, state });
    // A report that was cut short may not name a key that the check reports when it is asked about this key alone.
    const finding = full?.findings.get(key);
    const tally = full?.tallies.get(key);
    const hidden = report.truncated && finding && tally && !report.findings.has(key);
    if (byEvents.extra) extra.set(key, byEvents.extra);
    else if (hidden && byEvents.verdict === 'failing')
      extra.set(key, { finding, tally, from: latestOf(asker.from, cases[index]!.cutoff) });
  }
  return { verdicts, extra };
}

/**
 * Whether an unclear key counts as failing again. After a person resolved a problem, or after an undo, events of medium severity
 * do not clearly show that the problem has returned, and people would never get a ticket about it. So it counts as failing
 * once the time has passed within which a person would have had to respond.
 */
function isReportedAgain(
  { key, state, reportedAgainAt, cutoff }: WaitingKey,
  report: EventReport | null,
  verdict: Verdict,
  now: Date,
): boolean {
  const finding = report?.findings.get(key);
  const newest = report?.tallies.get(key)?.newestBadAt;
  if (verdict !== 'unclear' || state !== null || !finding || !newest || newest <= cutoff)
    return false;
  return (
    severityRank(severityOf(finding.severity)) <= severityRank('medium') && now >= reportedAgainAt
  );
}

/**
 * Judges decisions in the same way, but only by the events since the decision: with older events, every finding that
 * was left alone would count as persisted. Returns only decisions that have a verdict now.
 */
export async function judgeDecisions(
  asker: EventAsker,
  decisions: WaitingDecision[],
): Promise<JudgedKeys['decisions']> {
  if (decisions.length === 0) return [];
  // Decisions on one key are judged together, from the latest one on.
  const cases = [...Map.groupBy(decisions, ({ key }) => key)].map(([key, onKey]) => ({
    key,
    onKey,
    before: onKey.at(-1)!.before,
    cutoff: onKey.map(({ decidedAt }) => decidedAt).reduce(latestOf),
    start: onKey.map(({ decidedAt, cleanAt }) => cleanAt ?? decidedAt).reduce(latestOf),
  }));
  const { report } = await askAfterCutoffs(asker, cases);
  if (!report) return [];
  const verdicts = await judgeCases(asker, report, cases);
  return cases.flatMap(({ onKey }, index) =>
    onKey.flatMap(({ id, decidedAt, cleanAt }) => {
      const { verdict } = verdicts[index]!;
      if (verdict !== 'unclear') return { id, verdict };
      const seconds = (asker.now.getTime() - (cleanAt ?? decidedAt).getTime()) / 1_000;
      return seconds >= asker.within ? { id, verdict: 'undecided' as const } : [];
    }),
  );
}

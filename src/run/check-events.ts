/** Asks checks that count events in a window, and judges earlier cures and decisions by what they counted. */
import type { EventCheck, Tally } from '../contract/event-check.ts';
import type { Verdict } from '../heal/finding/verdict.ts';
import { storable } from '../ground/text.ts';
import type { Engine } from './engine.ts';
import {
  eventAskerFor,
  reportOf,
  askAfterCutoffs,
  startsOf,
  type EventAsker,
  type EventReport,
} from './event-report.ts';
import { judgeCases, judgeDecisions, judgeKeys } from './judge-keys.ts';
import type { CheckOutcome, JudgedKeys } from './tasks/outcome.ts';
import type { RunContext } from './run-context.ts';
import { waitingDecisions, waitingKeys, type WaitingKey } from './waiting-keys.ts';

/**
 * Asks an event check about its window, without events from before the cutoff of a key, and judges the keys and the
 * decisions that wait for a verdict. Null when the run was stopped meanwhile. When the check's answer breaks its contract, the
 * outcome is the check's error.
 */
export async function checkEvents(
  engine: Engine,
  context: RunContext,
  check: EventCheck<unknown>,
): Promise<CheckOutcome | null> {
  const { run } = context;
  const asker = eventAskerFor(engine, context, check);
  if ('status' in asker) return asker;
  const about = { bot: run.bot.id, check: check.name, within: asker.within, run: run.id };
  const keys = await waitingKeys(engine.db, about);
  const decisions = await waitingDecisions(engine.db, about);
  const outcome = await asker.ask({
    from: asker.from,
    starts: startsOf(keys, asker.from),
    only: null,
  });
  if (!outcome || !('result' in outcome)) return outcome;
  const report = reportOf(outcome, asker.from);
  const { verdicts, extra } = await judgeKeys(asker, report, keys);
  const judged: JudgedKeys = {
    askedAt: asker.now,
    tallies: talliesToStore(report, keys, asker),
    verdicts,
    decisions: await judgeDecisions(asker, decisions),
    // When several decisions and waiting keys are about one key, the fingerprint of the newest cutoff counts.
    fingerprints: new Map(
      [...decisions, ...keys].map(({ key, fingerprint }) => [key, fingerprint]),
    ),
  };
  for (const [key, { tally, from }] of extra)
    judged.tallies.set(key, countedFrom(tally, from, asker.now));
  const { findings } = outcome.result;
  // A problem that is visible only over a longer time than the window is recorded with the figures of that longer time.
  const inWindow = findings.filter(({ component, key = component }) => !extra.has(storable(key)));
  const all = [...inWindow, ...[...extra.values()].map(({ finding }) => finding)];
  const result = { ...outcome.result, findings: extra.size > 0 ? all : findings };
  const [unanswered] = asker.unanswered;
  return { ...outcome, status: all.length > 0 ? 'failed' : 'passed', result, judged, unanswered };
}

/**
 * Asks an event check about the key of one finding. With `since` this verifies a cure, by the events after the key's
 * cutoff, or after `since` where no cutoff was stored. Without `since` it only asks whether the check still reports the
 * key.
 */
export async function recheckEvents(
  engine: Engine,
  context: RunContext,
  check: EventCheck<unknown>,
  finding: { fingerprint: string; component_key: string },
  since: Date | null,
): Promise<{ outcome: CheckOutcome | null; verdict: Verdict }> {
  const { run } = context;
  const asker = eventAskerFor(engine, context, check);
  if ('status' in asker) return { outcome: asker, verdict: 'unclear' };
  const about = { bot: run.bot.id, check: check.name, within: asker.within };
  const [waiting] = await waitingKeys(engine.db, about, finding.fingerprint);
  const key = finding.component_key;
  const cutoff = waiting?.cutoff ?? since ?? asker.from;
  const { outcome, report } = await askAfterCutoffs(asker, [{ key, cutoff }]);
  if (!report) return { outcome, verdict: 'unclear' };
  if (!since) return { outcome, verdict: report.findings.has(key) ? 'failing' : 'unclear' };
  const toJudge = { key, before: waiting?.before ?? null, cutoff, start: cutoff };
  const [judged] = await judgeCases(asker, report, [toJudge]);
  return { outcome, verdict: judged!.verdict };
}

/** The tallies of the reported keys, each with the time over which its key was counted. */
function talliesToStore(
  { findings, tallies, from }: EventReport,
  keys: WaitingKey[],
  { now }: EventAsker,
): JudgedKeys['tallies'] {
  const starts = new Map(startsOf(keys, from).map((start) => [start.key, start.from]));
  return new Map(
    [...findings.keys()].map((key) => [
      key,
      countedFrom(tallies.get(key)!, starts.get(key) ?? from, now),
    ]),
  );
}

const countedFrom = ({ bad, of }: Pick<Tally, 'bad' | 'of'>, from: Date, now: Date) => ({
  bad,
  of,
  seconds: (now.getTime() - from.getTime()) / 1_000,
  from,
});

/** Rules that were compared, the engine's own last. What each of them is compared for is in docs/healing.md. */
import {
  minShareForAuto,
  changeOf,
  minLowerWithoutLift,
  type Evidence,
} from '../../../src/heal/judging/autonomy.ts';
import { bounds } from '../../../src/heal/statistics/betting-bounds.ts';
import { minCases, type TrackRecord, type Untouched } from '../../../src/heal/judging/figures.ts';
import { lowerBoundsByOthers } from '../../../src/heal/judging/lower-bounds-by-others.ts';
import { wilson, type Interval, type Sample } from '../../../src/heal/statistics/wilson.ts';
import { worstStretch } from '../../../src/heal/judging/worst-stretch.ts';
import type { Outcome, Rule } from './histories.ts';

type Bounds = (sample: Sample) => Interval;

const newest = 100;
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

function recordBy(by: Bounds, cases: boolean, outcomes: readonly Outcome[]): TrackRecord {
  const weightOf = ({ tries }: Outcome) => (cases ? 1 / tries : 1);
  let [held, relapsed, heldWeight, weight] = [0, 0, 0, 0];
  for (const each of outcomes) {
    weight += weightOf(each);
    if (each.held) heldWeight += weightOf(each);
    if (each.held) held += 1;
    if (each.relapsed) relapsed += 1;
  }
  return {
    decided: outcomes.length,
    held,
    relapsed,
    failed: outcomes.length - held - relapsed,
    weight,
    heldWeight,
    ...by({ successes: heldWeight, trials: weight }),
    recent: recentOf(outcomes.slice(-newest).toReversed(), weightOf),
    newestHeld: outcomes.at(-1)?.held ?? false,
    relapsedTwice: outcomes.length > 1 && outcomes.slice(-2).every((each) => each.relapsed),
    lastRelapse: null,
  };
}

/** Null where no stretch is below the bound at which auto is lost: to find the worst stretch takes long. */
function recentOf(newestFirst: readonly Outcome[], weightOf: (outcome: Outcome) => number) {
  let [good, bad] = [0, 0];
  for (const each of newestFirst) {
    if (each.held) good += weightOf(each);
    else bad += weightOf(each);
    if (good < minShareForAuto * (good + bad))
      return worstStretch(newestFirst.map((one) => ({ held: one.held, weight: weightOf(one) })));
  }
  return null;
}

function untouchedBy(by: Bounds, recovered: number, persisted: number): Untouched {
  const trials = recovered + persisted;
  const { upper } = by({ successes: recovered, trials });
  return { recovered, persisted, rate: trials > 0 ? recovered / trials : null, upper };
}

function ruleOf(name: string, rest: Partial<Rule> & { by?: Bounds; cases?: boolean } = {}): Rule {
  const { by = betting, cases = true } = rest;
  return {
    name,
    record: (outcomes) => recordBy(by, cases, outcomes),
    untouched: (recovered, persisted) => untouchedBy(by, recovered, persisted),
    judge: changeOf,
    lean: lowerBoundsByOthers,
    beginsAnew: true,
    ...rest,
  };
}

/** The same few samples come again in each history. */
function remembered(by: Bounds): Bounds {
  const known = new Map<string, Interval>();
  return (sample) => {
    const key = `${sample.successes}/${sample.trials}`;
    let found = known.get(key);
    if (!found) known.set(key, (found = by(sample)));
    return found;
  };
}

const betting = remembered(bounds);
const wilsonOf: Bounds = ({ successes, trials }) => wilson(successes, trials);

/** The rule before this one. */
function before(
  autonomy: Parameters<typeof changeOf>[0],
  risk: Parameters<typeof changeOf>[1],
  evidence: Evidence,
) {
  const { record, untouched } = evidence;
  if (autonomy === 'shadow') return changeOf(autonomy, risk, evidence);
  if (autonomy === 'suggest') return gainsByDisjoint(risk, evidence);
  if (risk === 'reversible') return losesByTwo(record);
  const { recovered, persisted } = untouched;
  const [a, b] = [record.heldWeight / record.weight, untouched.rate ?? 0];
  const lift = a - b - Math.hypot(a - record.lower, untouched.upper - b);
  const seen = recovered + persisted >= minCases;
  return record.decided >= 20 && (seen ? lift <= 0 : record.lower <= minLowerWithoutLift)
    ? down
    : null;
}

const up = { autonomy: 'auto', why: '' } as const;
const down = { autonomy: 'suggest', why: '' } as const;

const gainsByDisjoint = (risk: string, { record, untouched }: Evidence) =>
  risk !== 'irreversible' &&
  record.lower >= minShareForAuto &&
  !record.relapsedTwice &&
  untouched.recovered + untouched.persisted >= minCases &&
  record.lower > untouched.upper
    ? up
    : null;

const losesByTwo = ({ relapsedTwice, decided, lower }: TrackRecord) =>
  relapsedTwice || (decided >= minCases && lower < minLowerWithoutLift) ? down : null;

/** The engine's rule, but with another way in which a reversible entry loses auto. */
const losing =
  (loses: (record: TrackRecord) => boolean): typeof changeOf =>
  (autonomy, risk, evidence) =>
    autonomy === 'auto' && risk === 'reversible'
      ? loses(evidence.record)
        ? down
        : null
      : changeOf(autonomy, risk, evidence);

/** The engine's rule, but with another share below which no person is asked. */
const asking =
  (least: number): Bounds =>
  (sample) => {
    const { lower, upper } = betting(sample);
    return { lower, upper: upper < least ? 0 : 1 };
  };

/** Wilson's bound with another quantile than 1.96. */
const wilsonAt =
  (z: number): Bounds =>
  ({ successes, trials }) => {
    // Wilson's interval with z is that of 1.96 with as many times fewer trials.
    const scale = (1.96 / z) ** 2;
    return wilson(successes * scale, trials * scale);
  };

/** At these numbers of outcomes only, of which each takes half of the error that was left. */
const looks = [5, 10, 20, 40, 80, 160, 320];
const spent = [2.24, 2.5, 2.73, 2.96, 3.16, 3.36, 3.54];
function atLooks(quantile: (look: number) => number): Rule['record'] {
  return (outcomes) => {
    const at = looks.findLastIndex((look) => look <= outcomes.length);
    const then = recordBy(wilsonAt(quantile(at)), true, outcomes.slice(0, looks[at] ?? 0));
    const by: Bounds = (sample) => ({ lower: then.lower, upper: betting(sample).upper });
    return recordBy(by, true, outcomes);
  };
}

/** Robbins (1970): one gambler for every share, from both sides. */
const robbins: Bounds = ({ successes, trials }) => {
  const logChoose = logBeta(successes + 1, trials - successes + 1);
  const refuted = (p: number) =>
    logChoose - successes * Math.log(p) - (trials - successes) * Math.log1p(-p) >= Math.log(20);
  const share = trials > 0 ? successes / trials : 0.5;
  const search = (from: number, to: number) => {
    let [out, inside] = [from, to];
    for (let step = 0; step < 40; step++) {
      const middle = (out + inside) / 2;
      if (refuted(middle)) out = middle;
      else inside = middle;
    }
    return inside;
  };
  return trials > 0
    ? {
        lower: successes > 0 ? search(0, share) : 0,
        upper: successes < trials ? search(1, share) : 1,
      }
    : { lower: 0, upper: 1 };
};

/** By Stirling's series, from 8 on. */
function logGamma(x: number): number {
  let [shift, z] = [0, x];
  for (; z < 8; z++) shift -= Math.log(z);
  return (
    shift +
    (z - 0.5) * Math.log(z) -
    z +
    0.5 * Math.log(2 * Math.PI) +
    1 / (12 * z) -
    1 / (360 * z ** 3)
  );
}
const logBeta = (a: number, b: number) => logGamma(a) + logGamma(b) - logGamma(a + b);

/** Page (1954): how much likelier some newest outcomes are of a cure of the second share than of one of the first. */
function page(outcomes: readonly Outcome[], limit = 400, good = 0.9, bad = 0.5): boolean {
  let evidence = 0;
  for (const { held, tries } of outcomes) {
    const said = Math.log(held ? bad / good : (1 - bad) / (1 - good)) / tries;
    evidence = Math.max(0, evidence + said);
  }
  return evidence >= Math.log(limit);
}

/** Always as much, whatever the components have in common, and in both directions. */
const leaning =
  (strength: number): Rule['lean'] =>
  (parts) =>
    parts.map((part) => {
      const others = parts.filter((each) => each !== part);
      const trials = sum(others.map(({ record }) => record.weight));
      if (trials === 0) return part;
      const share = sum(others.map(({ record }) => record.heldWeight)) / trials;
      const { weight, heldWeight } = part.record;
      const leant = bounds({ successes: heldWeight + strength * share, trials: weight + strength });
      return { ...part, record: { ...part.record, ...leant } };
    });

const alone: Rule['lean'] = (parts) => [...parts];

export const earlier = ruleOf('before: Wilson at every look, two relapses, .45', {
  by: remembered(wilsonOf),
  cases: false,
  judge: before,
  lean: alone,
  beginsAnew: false,
});

export const chosen = ruleOf('now');

export const candidates: Rule[] = [
  earlier,
  ruleOf('Wilson at every look, all else as now', { by: remembered(wilsonOf) }),
  ruleOf('Wilson at 5, 10, 20, 40 ... outcomes', { record: atLooks(() => 1.96) }),
  ruleOf('Wilson there, error spent over the looks', {
    record: atLooks((look) => spent[look] ?? 9),
  }),
  ruleOf("Robbins' mixture", { by: remembered(robbins) }),
  ruleOf('loses by two relapses or .45', { judge: losing((r) => losesByTwo(r) !== null) }),
  ruleOf('loses by the bound of all outcomes', {
    judge: losing(({ upper }) => upper < minShareForAuto),
  }),
  ruleOf("loses by Page's sum, .9 against .5", {
    record: (outcomes) => ({ ...recordBy(betting, true, outcomes), relapsedTwice: page(outcomes) }),
    judge: losing(({ relapsedTwice }) => relapsedTwice),
  }),
  ruleOf('no burden of proof after ten', {
    judge: (autonomy, risk, evidence) => changeOf(autonomy, risk, { ...evidence, ofWhole: false }),
  }),
  ruleOf('each try counts', { cases: false }),
  ruleOf('nothing begins anew', { beginsAnew: false }),
  ruleOf('each component by itself', { lean: alone }),
  ruleOf('each component leans by 4, both ways', { lean: leaning(4) }),
  ruleOf('asks down to 0', { by: asking(0) }),
  ruleOf('asks down to .2', { by: asking(0.2) }),
  ruleOf('asks down to .4', { by: asking(0.4) }),
  ruleOf('better than untouched by separate bounds', {
    judge: (autonomy, risk, evidence) =>
      autonomy === 'suggest'
        ? (changeOf(autonomy, 'irreversible', evidence) ?? gainsByDisjoint(risk, evidence))
        : changeOf(autonomy, risk, evidence),
  }),
  chosen,
];

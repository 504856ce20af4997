/**
 * Histories of one entry, drawn by chance and judged after every outcome as the engine does it, without a database:
 * what rules do to cures of known merit can be counted over thousands of them.
 */
import type { Risk } from '../../../src/bot.ts';
import { Chance } from '../../../src/demo/chance.ts';
import type { Autonomy } from '../../../src/ground/autonomy.ts';
import { minAgreements, changeOf, type Evidence } from '../../../src/heal/judging/autonomy.ts';
import { minCases, type TrackRecord, type Untouched } from '../../../src/heal/judging/figures.ts';
import { judgementsOf, type Judgement } from '../../../src/heal/judging/judgements.ts';
import type { lowerBoundsByOthers } from '../../../src/heal/judging/lower-bounds-by-others.ts';

export interface Scenario {
  name: string;
  risk: Risk;
  begins: Autonomy;
  components: number;
  faults: number;
  /** the share of a component's faults that the cure removes, 0 to 1; `fault` is its number in the history */
  cures(component: number, fault: number): number;
  /** the share of faults that is gone by the next run without a cure */
  recovers: number;
  /** What does not work is seen at once, and tried again on the same finding; or it comes back after a while. */
  fails: 'at once' | 'later';
}

export interface Outcome {
  held: boolean;
  relapsed: boolean;
  /** so many outcomes there are about the same fault */
  tries: number;
}

/** What a rule makes of outcomes, the oldest first, and of untouched findings, and how it judges by them. */
export interface Rule {
  name: string;
  record(outcomes: readonly Outcome[]): TrackRecord;
  untouched(recovered: number, persisted: number): Untouched;
  judge: typeof changeOf;
  /** adds to a component's record what other components' outcomes say */
  lean: typeof lowerBoundsByOthers;
  /** After autonomy was lost, earlier outcomes do not earn it back. */
  beginsAnew: boolean;
}

/** What became of one entry. Faults are counted from 1 on; null when never. */
export interface History {
  /** the first fault behind which it was auto on some component of which `wrongly` says that it should not be */
  wronglyAuto: number | null;
  /** behind which fault, and how many outcomes, it first became auto anywhere */
  earned: { faults: number; outcomes: number } | null;
  /** behind which of the faults since then, on a component that was auto, auto was first lost there */
  lost: number | null;
  /** shares of faults that found it auto: of the first 100, and of all */
  auto100: number;
  auto: number;
  /** what it did alone in truth, and what a person had approved; `before`: until auto was first lost */
  alone: { held: number; wrong: number; before: number };
  approved: { held: number; wrong: number };
  /** shares of faults that found it in shadow */
  shadow: number;
}

interface Scope {
  outcomes: Outcome[];
  recovered: number;
  persisted: number;
  agreed: number;
  differed: number;
  decided: number;
  record: TrackRecord | null;
}

const newScope = (): Scope => ({
  outcomes: [],
  recovered: 0,
  persisted: 0,
  agreed: 0,
  differed: 0,
  decided: 0,
  record: null,
});

const approves = 0.6;
const triesAgain = 0.8;

export function historyOf(
  rule: Rule,
  scenario: Scenario,
  seed: number,
  wrongly: (component: number, fault: number) => boolean,
): History {
  const { risk, begins, components, faults, cures, recovers, fails } = scenario;
  const chance = new Chance(seed);
  let autonomy = begins;
  const own = new Map<number, Autonomy>();
  const whole = newScope();
  const parts = Array.from({ length: components }, newScope);
  const told: History = {
    wronglyAuto: null,
    earned: begins === 'auto' ? { faults: 0, outcomes: 0 } : null,
    lost: null,
    auto100: 0,
    auto: 0,
    alone: { held: 0, wrong: 0, before: 0 },
    approved: { held: 0, wrong: 0 },
    shadow: 0,
  };
  const wordOn = (component: number) => own.get(component) ?? autonomy;

  function evidenceOf(scope: Scope): Evidence {
    scope.record ??= rule.record(scope.outcomes);
    const { recovered, persisted, agreed, differed } =
      scope.recovered + scope.persisted >= minCases ? scope : { ...scope, ...untouchedAll() };
    return {
      ofWhole: scope === whole,
      record: scope.record,
      untouched: rule.untouched(recovered, persisted),
      agreement: { agreed, differed },
    };
  }
  const untouchedAll = () => ({ recovered: whole.recovered, persisted: whole.persisted });

  function judge(fault: number): void {
    const evidence = evidenceOf(whole);
    const change = rule.judge(autonomy, risk, evidence);
    const toShadow = change?.autonomy === 'shadow';
    const known = parts.flatMap((scope, component) =>
      own.has(component) ||
      scope.decided >= minCases ||
      scope.agreed >= minAgreements ||
      (toShadow && evidenceOf(scope).record.held > 0)
        ? [{ component: String(component), own: own.get(component) ?? null, ...evidenceOf(scope) }]
        : [],
    );
    const judgements = judgementsOf({ autonomy, risk, ...evidence }, rule.lean(known), rule.judge);
    for (const each of judgements) take(each, fault);
    for (let component = 0; component < components; component++)
      if (wordOn(component) === 'auto' && wrongly(component, fault)) told.wronglyAuto ??= fault;
    if (!told.earned && parts.some((_, component) => wordOn(component) === 'auto'))
      told.earned = { faults: fault, outcomes: whole.decided };
  }

  function take({ component, before, change }: Judgement, fault: number): void {
    const scope = component === null ? whole : parts[Number(component)]!;
    if (component === null) autonomy = change.autonomy;
    else own.set(Number(component), change.autonomy);
    if (before === 'auto' && change.autonomy !== 'auto' && told.earned)
      told.lost ??= fault - told.earned.faults;
    if (change.autonomy === 'shadow')
      for (const each of component === null ? [whole, ...parts] : [scope])
        each.agreed = each.differed = 0;
    const rises = before === 'suggest' && change.autonomy === 'auto';
    const kept = before === change.autonomy;
    if (!rule.beginsAnew || rises || kept) return;
    const sharing = component === null ? parts.filter((_, part) => !own.has(part)) : [];
    for (const each of [scope, ...sharing]) {
      each.outcomes = [];
      each.record = null;
    }
  }

  function leaveAlone(component: number, recovered: boolean, fault: number): void {
    for (const scope of [whole, parts[component]!])
      scope[recovered ? 'recovered' : 'persisted'] += 1;
    judge(fault);
  }

  function apply(
    component: number,
    fault: number,
    cured: boolean,
    recovered: boolean,
    alone: boolean,
  ) {
    const held = cured || recovered;
    const count = alone ? told.alone : told.approved;
    const again = alone && !held && fails === 'at once' && chance.next() < triesAgain;
    const tries: Outcome[] = [];
    do {
      count[cured ? 'held' : 'wrong'] += 1;
      if (alone && !cured && told.lost === null) told.alone.before += 1;
      const outcome = { held, relapsed: !held && fails === 'later', tries: 1 };
      tries.push(outcome);
      for (const each of tries) each.tries = tries.length;
      for (const scope of [whole, parts[component]!]) {
        scope.outcomes.push(outcome);
        scope.decided += 1;
        scope.record = null;
      }
      judge(fault);
    } while (again && tries.length < 2 && wordOn(component) === 'auto');
  }

  for (let fault = 1; fault <= faults; fault++) {
    const component = chance.between(0, components - 1);
    const word = wordOn(component);
    const cured = chance.next() < cures(component, fault);
    const recovered = chance.next() < recovers;
    const [approved, heldOut] = [chance.next() < approves, chance.next() < 1 / 4];
    if (word === 'auto') {
      told.auto += 1 / faults;
      if (fault <= 100) told.auto100 += 1 / Math.min(100, faults);
      const seen = evidenceOf(parts[component]!).untouched;
      if (whole.decided > 0 && seen.recovered + seen.persisted < minCases && heldOut) {
        leaveAlone(component, recovered, fault);
        if (recovered || wordOn(component) !== 'auto') continue;
      }
      apply(component, fault, cured, recovered, true);
      continue;
    }
    leaveAlone(component, recovered, fault);
    if (word === 'shadow') told.shadow += 1 / faults;
    if (recovered) continue;
    if (word === 'suggest') {
      if (approved && wordOn(component) !== 'shadow') apply(component, fault, cured, false, false);
      continue;
    }
    for (const scope of [whole, parts[component]!]) scope[cured ? 'agreed' : 'differed'] += 1;
    judge(fault);
  }
  return told;
}

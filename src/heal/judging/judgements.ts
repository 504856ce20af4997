/**
 * Which changes of autonomy the evidence asks for: of an entry as a whole, and of each component about which something is
 * known by itself. Rules only: no clock, no database.
 */
import type { Risk } from '../../contract/remedy.ts';
import { autonomyRank, type Autonomy } from '../../ground/autonomy.ts';
import { changeOf, type Change, type Evidence } from './autonomy.ts';

export interface JudgedWhole extends Evidence {
  autonomy: Autonomy;
  risk: Risk;
}

/**
 * One component; `own` is its autonomy if it was ever judged apart from the entry, null while it shares the entry's.
 */
export interface JudgedComponent extends Evidence {
  component: string;
  own: Autonomy | null;
}

export interface Judgement {
  /** null: the entry as a whole */
  component: string | null;
  before: Autonomy;
  change: Change;
}

/** All changes that the evidence asks for, the components' first. */
export function judgementsOf(
  whole: JudgedWhole,
  parts: readonly JudgedComponent[],
  judge = changeOf,
): Judgement[] {
  const { autonomy, risk } = whole;
  const change = judge(autonomy, risk, whole);
  const after = change?.autonomy ?? autonomy;
  const judgements = parts.flatMap((part): Judgement[] => {
    const { component, own } = part;
    const before = own ?? autonomy;
    const due =
      judge(before, risk, part) ??
      (own === null &&
      autonomyRank(after) < autonomyRank(before) &&
      speaksFor(part, risk, after, judge)
        ? { autonomy: before, why: 'its own outcomes ask for no change' }
        : null);
    // A change that the entry as a whole gets too needs no change of the component's own.
    if (!due || (own === null && due.autonomy === after)) return [];
    return [{ component, before, change: due }];
  });
  return change ? [...judgements, { component: null, before: autonomy, change }] : judgements;
}

/**
 * A component that shares the entry's autonomy falls with it, unless its own outcomes speak for it: they would earn
 * auto by themselves, or, when the entry may not even suggest any more, some heal held.
 */
const speaksFor = (
  part: JudgedComponent,
  risk: Risk,
  after: Autonomy,
  judge: typeof changeOf,
): boolean =>
  after === 'shadow' ? part.record.held > 0 : judge(after, risk, part)?.autonomy === 'auto';

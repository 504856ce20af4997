/** How freely an entry may act, judged by its outcomes. Rules only: no clock, no database. */
import type { Risk } from '../../contract/remedy.ts';
import type { Autonomy } from '../../ground/autonomy.ts';
import { evidenceAbove, requiredEvidence } from '../statistics/betting-bounds.ts';
import { minCases, type TrackRecord, type Untouched } from './figures.ts';
import { share } from '../../ground/text.ts';

/**
 * The share of heals that must hold for an entry to act alone: when its share is surely higher, the entry gains auto;
 * when it is surely lower, the entry loses auto.
 */
export const minShareForAuto = 0.6;
/** When surely less than this share of an entry's heals holds, operators are no longer asked to approve them. */
export const minShareForSuggest = 1 / 3;
/** A safe entry whose lower bound is above this acts alone while too little is known about what recovers untouched. */
export const minLowerWithoutLift = 0.45;
/**
 * After outcomes of this weight, an entry that acts alone must have held in at least {@link minShareForAuto} of them; before
 * that it is enough that it may hold so often.
 */
export const probationWeight = 10;
/** After this many outcomes a safe entry must have shown that it has an effect. */
export const minOutcomesForProof = 20;
/** How many times an entry in shadow must have said what people then did. */
export const minAgreements = 3;

/**
 * On how many findings an entry in shadow said what helped, as the person who resolved the ticket says (`agreed`), and on
 * how many another entry or none helped (`differed`).
 */
export interface Agreement {
  agreed: number;
  differed: number;
}

/** What an entry is judged by. */
export interface Evidence {
  /** of the entry as a whole, and not of one component */
  ofWhole: boolean;
  record: TrackRecord;
  untouched: Untouched;
  agreement: Agreement;
}

export interface Change {
  autonomy: Autonomy;
  /** for a person, with the names of the figures */
  why: string;
}

/** The change that the figures ask for; null when autonomy stays as it is. */
export function changeOf(autonomy: Autonomy, risk: Risk, evidence: Evidence): Change | null {
  switch (autonomy) {
    case 'shadow':
      return fromShadow(evidence);
    case 'suggest':
      return changeWhenNotWorthAsking(evidence) ?? fromSuggest(risk, evidence);
    case 'auto':
      return fromAuto(risk, evidence);
  }
}

const fromShadow = ({ agreement: { agreed, differed } }: Evidence): Change | null =>
  agreed >= minAgreements && differed === 0
    ? {
        autonomy: 'suggest',
        why: `people did ${agreed} times what it would have done, and never anything else`,
      }
    : null;

/** Each suggestion costs a person's time, and each approved suggestion whose heal does not hold costs a heal. */
const changeWhenNotWorthAsking = ({ record: { upper } }: Evidence): Change | null =>
  upper < minShareForSuggest
    ? {
        autonomy: 'shadow',
        why: `its upper bound ${share(upper)} is below ${share(minShareForSuggest)}: too little of what it does holds to ask for it`,
      }
    : null;

function fromSuggest(risk: Risk, { record, untouched }: Evidence): Change | null {
  const { lower, newestHeld } = record;
  // Also after a good record: an entry does not begin to act alone when its newest outcome is a failure.
  if (risk === 'irreversible' || lower < minShareForAuto || !newestHeld) return null;
  return casesOf(untouched) >= minCases && liftOf(record, untouched) >= requiredEvidence
    ? {
        autonomy: 'auto',
        why: `its lower bound ${share(lower)} is at least ${share(minShareForAuto)}, and it is surely better than what recovers untouched (${outOf(untouched)})`,
      }
    : null;
}

function fromAuto(risk: Risk, { ofWhole, record, untouched }: Evidence): Change | null {
  switch (risk) {
    case 'irreversible':
      return {
        autonomy: 'suggest',
        why: 'an effect that cannot be undone always needs an approval',
      };
    case 'safe':
      return record.decided < minOutcomesForProof ? null : changeWithoutLift(record, untouched);
    case 'reversible':
      return changeWhenCeased(record) ?? (ofWhole ? changeWhenNeverGood(record) : null);
  }
}

const changeWhenCeased = ({ recent }: TrackRecord): Change | null =>
  recent && recent.upper < minShareForAuto
    ? {
        autonomy: 'suggest',
        why: `of its newest ${recent.decided} outcomes ${recent.held} held, and the upper bound ${share(recent.upper)} of that is below ${share(minShareForAuto)}`,
      }
    : null;

/**
 * An entry that was trusted from the beginning has the burden of proof: a mediocre entry would need a long time until
 * it is surely bad.
 */
const changeWhenNeverGood = ({ decided, weight, heldWeight }: TrackRecord): Change | null =>
  weight >= probationWeight && heldWeight < minShareForAuto * weight
    ? {
        autonomy: 'suggest',
        why: `after ${decided} outcomes the share ${share(heldWeight / weight)} that held is below ${share(minShareForAuto)}`,
      }
    : null;

/** The evidence that the entry is better than nothing must be stronger than the evidence against it. */
function changeWithoutLift(record: TrackRecord, untouched: Untouched): Change | null {
  const { decided, lower } = record;
  if (casesOf(untouched) < minCases)
    return lower > minLowerWithoutLift
      ? null
      : {
          autonomy: 'suggest',
          why: `after ${decided} outcomes its lower bound ${share(lower)} is not above ${share(minLowerWithoutLift)}, the minimum`,
        };
  return liftOf(record, untouched) > 0
    ? null
    : {
        autonomy: 'suggest',
        why: `after ${decided} outcomes there is more evidence against than for its being better than what recovers untouched (${outOf(untouched)})`,
      };
}

/**
 * The logarithm of the evidence that more heals hold than findings recover untouched: above 0, more speaks for it than
 * against it.
 */
const liftOf = ({ heldWeight, weight }: TrackRecord, untouched: Untouched): number =>
  evidenceAbove(
    { successes: heldWeight, trials: weight },
    { successes: untouched.recovered, trials: casesOf(untouched) },
  );

const casesOf = ({ recovered, persisted }: Untouched): number => recovered + persisted;
const outOf = (untouched: Untouched): string => `${untouched.recovered} of ${casesOf(untouched)}`;

/** How freely an entry may act, judged by what came of it. Rules only: no clock, no database. */
import type { Risk } from '../bot.ts';
import { enough, type Record, type Untouched } from './figures.ts';
import { differenceLower, share, signed } from './wilson.ts';

export type Autonomy = 'shadow' | 'suggest' | 'auto';

/** Lower bounds of the share that held, at which an entry may act alone, and at which it may not any more. */
export const gainsAt = 0.6;
export const losesAt = 0.45;
/** So many outcomes a harmless entry gets to show that it does something. */
export const patience = 20;
/** So many times a shadow has to say what people then did. */
export const agreements = 3;

/** What a shadow said about findings whose ticket a person resolved: the same entry helped, or another did. */
export interface Agreement {
  agreed: number;
  differed: number;
}

export interface Change {
  autonomy: Autonomy;
  /** for a person, with the figures' names */
  why: string;
}

/** The change that the figures ask for; null when it may stay as it is. `agreement` is of the whole entry, null for a component. */
export function judged(
  autonomy: Autonomy,
  risk: Risk,
  record: Record,
  untouched: Untouched,
  agreement: Agreement | null,
): Change | null {
  if (autonomy === 'shadow') return fromShadow(agreement);
  return autonomy === 'suggest'
    ? fromSuggest(risk, record, untouched)
    : fromAuto(risk, record, untouched);
}

const fromShadow = (agreement: Agreement | null): Change | null =>
  agreement && agreement.agreed >= agreements && agreement.differed === 0
    ? {
        autonomy: 'suggest',
        why: `people did ${agreement.agreed} times what it would have done, and never anything else`,
      }
    : null;

function fromSuggest(
  risk: Risk,
  { lower, relapsedTwice }: Record,
  untouched: Untouched,
): Change | null {
  if (risk === 'irreversible' || lower < gainsAt) return null;
  // What takes auto away keeps it away: a long good record would give it back at once.
  if (relapsedTwice) return null;
  if (untouched.recovered + untouched.persisted < enough || lower <= untouched.upper) return null;
  return {
    autonomy: 'auto',
    why: `its lower bound ${share(lower)} is at least ${share(gainsAt)} and above the upper bound ${share(untouched.upper)} of what recovers untouched`,
  };
}

function fromAuto(risk: Risk, record: Record, untouched: Untouched): Change | null {
  if (risk === 'irreversible')
    return { autonomy: 'suggest', why: 'what cannot be undone always asks' };
  const { lower, decided } = record;
  if (risk === 'safe') {
    return decided < patience ? null : withoutLift(record, untouched);
  }
  if (record.relapsedTwice) return { autonomy: 'suggest', why: 'it relapsed twice in a row' };
  if (decided >= enough && lower < losesAt)
    return {
      autonomy: 'suggest',
      why: `its lower bound ${share(lower)} is below ${share(losesAt)}`,
    };
  return null;
}

/** Being better than nothing has to be more than luck. Without enough untouched findings nobody knows how good nothing is. */
function withoutLift(
  { decided, weight, heldWeight, lower }: Record,
  untouched: Untouched,
): Change | null {
  const { recovered, persisted } = untouched;
  if (recovered + persisted < enough)
    return lower > losesAt
      ? null
      : {
          autonomy: 'suggest',
          why: `after ${decided} outcomes its lower bound ${share(lower)} is not above ${share(losesAt)}, the least that is asked`,
        };
  const lift = differenceLower(
    { successes: heldWeight, trials: weight },
    { successes: recovered, trials: recovered + persisted },
  );
  return lift > 0
    ? null
    : {
        autonomy: 'suggest',
        why: `after ${decided} outcomes the lower bound ${signed(lift)} of its lift over what recovers untouched is not above 0`,
      };
}

/** The slots of a bot that were not run, by reason. */
import type { Gap } from '../../report/report.ts';

interface GapDetails {
  last?: number;
  isOwed?: boolean;
  isLeast?: boolean;
}

interface GapSoFar extends Omit<Gap, 'first' | 'last'> {
  first: number;
  last: number;
}

/** Collects slots in the order of time; those of one reason become one gap, which says in how many stretches they lie. */
export class GapList {
  readonly #bot: string;
  readonly #gaps = new Map<string, GapSoFar>();
  /** the gap to which the slot before belongs; null if that slot ran */
  #open: GapSoFar | null = null;

  constructor(bot: string) {
    this.#bot = bot;
  }

  /** The next slot was run, or is being run. */
  ran(): void {
    this.#open = null;
  }

  /** Adds `count` slots from `first` on; null if it is not known how many. */
  add(
    reason: string,
    detail: string | null,
    count: number | null,
    first: number,
    { last = first, isOwed = true, isLeast = false }: GapDetails = {},
  ): void {
    const key = JSON.stringify([reason, detail, isOwed]);
    let gap = this.#gaps.get(key);
    if (!gap) {
      gap = {
        bot: this.#bot,
        reason,
        detail,
        slots: 0,
        is_least: false,
        owed: isOwed,
        stretches: 0,
        first,
        last,
      };
      this.#gaps.set(key, gap);
    }
    if (this.#open !== gap) gap.stretches += 1;
    gap.slots = count === null || gap.slots === null ? null : gap.slots + count;
    gap.is_least ||= isLeast;
    gap.first = Math.min(gap.first, first);
    gap.last = Math.max(gap.last, last);
    this.#open = gap;
  }

  toGaps(): Gap[] {
    return [...this.#gaps.values()].map((gap) => ({
      ...gap,
      first: new Date(gap.first).toISOString(),
      last: new Date(gap.last).toISOString(),
    }));
  }
}

/** First slots of which no row says why they did not run, then slots that were lost, then slots that were left out on purpose. */
const reasonsInOrder = [
  'missing',
  'waiting',
  'missed',
  'error',
  'cancelled',
  'overlap',
  'maintenance',
];
const rankOf = ({ reason }: Gap): number => {
  const index = reasonsInOrder.indexOf(reason);
  return index === -1 ? reasonsInOrder.length : index;
};

export const worstFirst = (gaps: Gap[]): Gap[] =>
  gaps.toSorted(
    (a, b) =>
      rankOf(a) - rankOf(b) ||
      (b.slots ?? 0) - (a.slots ?? 0) ||
      (a.bot < b.bot ? -1 : a.bot > b.bot ? 1 : 0),
  );

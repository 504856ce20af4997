/** What PostgreSQL cannot compute: which slots follow a slot, in the form in which engine.claim takes them. */
import {
  BadScheduleError,
  nextSlot,
  rememberedNextSlot,
  rememberedSchedule,
  slotsBetween,
  slotsMissed,
} from './cron.ts';
import type { SlotTimes, Wanted } from '../transitions/runs/claim.ts';

/** bots.catch_up_limit is 100 at most; one more tells which slot is the last skipped one. */
const maxSlots = 101;
/** How many missed slots are counted at most: two years of minutes. */
const maxCounted = 1_000_000;

/** Throws BadScheduleError when the text or the zone cannot be read. */
export function slotTimes(wanted: Wanted, cutoff: Date): SlotTimes {
  const slot = new Date(wanted.slot);
  const start = new Date(wanted.since ?? wanted.slot);
  const next = rememberedNextSlot(wanted.cron, wanted.zone, start);
  if (next > cutoff) return { ...wanted, next, after: slotAfter(wanted, next) };

  const schedule = rememberedSchedule(wanted.cron, wanted.zone);
  const { count } = slotsMissed(schedule, start, cutoff, maxCounted);
  // Walks back from the cutoff in growing steps, until it has enough slots or all of them.
  let reach = (next.getTime() - start.getTime()) * maxSlots;
  let slots: Date[] = [];
  for (;;) {
    const from = new Date(Math.max(start.getTime(), cutoff.getTime() - reach));
    slots = slotsBetween(schedule, from, cutoff, Number.MAX_SAFE_INTEGER);
    const all = from.getTime() === start.getTime();
    if (all) slots.unshift(slot);
    if (all || slots.length >= maxSlots) break;
    reach *= 4;
  }
  const future = nextSlot(schedule, cutoff);
  return {
    ...wanted,
    next,
    after: slotAfter(wanted, future),
    slots: slots.slice(-maxSlots),
    count: count + 1,
    future,
  };
}

/** A schedule may have no further slot: then the last slot gets no jitter. */
function slotAfter({ cron, zone }: Wanted, slot: Date): Date {
  try {
    return rememberedNextSlot(cron, zone, slot);
  } catch (error) {
    if (error instanceof BadScheduleError) return slot;
    throw error;
  }
}

/** A claim comes about once a second; a slot this close is sent with the claim before the database asks for it. */
const ahead = 2_000;
/** A slot that comes later than this is not remembered: it costs its tick one more round trip. */
const soon = 3_600_000;
/**
 * How many slots of a bot in a row are expected because the slot before was used; then the database has to ask again.
 */
const turns = 100;

const keyOf = ({ cron, zone, slot, since }: Wanted) => `${cron}\n${zone}\n${slot}\n${since ?? ''}`;

/**
 * The slots that are expected next, so that a tick with due bots needs one round trip and not two. It is only a cache:
 * the database asks for a missing slot as `wanted`.
 */
export class ExpectedSlots {
  readonly #times = new Map<string, SlotTimes>();
  /** How many turns an entry has left; 0 when its following slot was looked up already. */
  readonly #left = new WeakMap<SlotTimes, number>();
  readonly #most: number;
  #cutoff = 0;
  #seenAt = 0;

  constructor(most = 10_000) {
    this.#most = most;
  }

  /** The slots that may be due by now; the database's clock is estimated from the last cutoff. */
  near(): SlotTimes[] {
    const guess = this.#cutoff + (performance.now() - this.#seenAt) + ahead;
    return [...this.#times.values()].filter(({ slot }) => Date.parse(slot) <= guess);
  }

  /**
   * Called after a claim: adds the slots that follow the used ones, and removes those that have passed. A tick of many
   * batches names the same entries again and again: only the first time counts.
   */
  advance(used: SlotTimes[], cutoff: Date): void {
    this.#cutoff = cutoff.getTime();
    this.#seenAt = performance.now();
    for (const [key, { slot }] of this.#times)
      if (Date.parse(slot) < this.#cutoff - ahead) this.#times.delete(key);
    for (const entry of used) {
      // it was sent along early: its turn will come
      if (Date.parse(entry.slot) > this.#cutoff) continue;
      const left = this.#left.get(entry) ?? turns;
      if (left === 0) continue;
      this.#left.set(entry, 0);
      this.#times.delete(keyOf(entry));
      const next = entry.future ?? entry.next;
      const following = { cron: entry.cron, zone: entry.zone, slot: next.toISOString() };
      const key = keyOf(following);
      if (this.#times.size >= this.#most || this.#times.has(key)) continue;
      if (next.getTime() > this.#cutoff + soon) continue;
      try {
        const expected = slotTimes(following, cutoff);
        this.#left.set(expected, left - 1);
        this.#times.set(key, expected);
      } catch (error) {
        // No slot follows this one: this is reported when it is due, not before.
        if (!(error instanceof BadScheduleError)) throw error;
      }
    }
  }
}

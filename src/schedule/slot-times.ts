/** Computes which slots follow a slot, which PostgreSQL cannot do, in the form in which engine.claim takes them. */
import {
  BadScheduleError,
  nextSlot,
  rememberedNextSlot,
  rememberedSchedule,
  slotsBetween,
  slotsMissed,
} from './cron.ts';
import type { SlotTimes, DueSchedule } from '../transitions/runs/claim.ts';

/** bots.catch_up_limit is 100 at most; one slot more shows which one is the last that is skipped. */
const maxSlots = 101;
/** How many missed slots are counted at most: two years of minutes. */
const maxCounted = 1_000_000;

/** Throws BadScheduleError when the text or the zone cannot be read. */
export function slotTimes(due: DueSchedule, cutoff: Date): SlotTimes {
  const slot = new Date(due.slot);
  const start = new Date(due.since ?? due.slot);
  const next = rememberedNextSlot(due.cron, due.zone, start);
  if (next > cutoff) return { ...due, next, after: slotAfter(due, next) };

  const schedule = rememberedSchedule(due.cron, due.zone);
  const { count } = slotsMissed(schedule, start, cutoff, maxCounted);
  // Walks back from the cutoff in growing steps, until it has enough slots or all of them.
  let reach = (next.getTime() - start.getTime()) * maxSlots;
  let slots: Date[] = [];
  for (;;) {
    const from = new Date(Math.max(start.getTime(), cutoff.getTime() - reach));
    slots = slotsBetween(schedule, from, cutoff, Number.MAX_SAFE_INTEGER);
    const reachesStart = from.getTime() === start.getTime();
    if (reachesStart) slots.unshift(slot);
    if (reachesStart || slots.length >= maxSlots) break;
    reach *= 4;
  }
  const future = nextSlot(schedule, cutoff);
  return {
    ...due,
    next,
    after: slotAfter(due, future),
    slots: slots.slice(-maxSlots),
    count: count + 1,
    future,
  };
}

/** A schedule may have no further slot: then the last slot gets no jitter. */
function slotAfter({ cron, zone }: DueSchedule, slot: Date): Date {
  try {
    return rememberedNextSlot(cron, zone, slot);
  } catch (error) {
    if (error instanceof BadScheduleError) return slot;
    throw error;
  }
}

/** A claim comes about once a second; a slot that is due this soon is sent with the claim before the database asks for it. */
const sentAheadMs = 2_000;
/** A slot that comes later than this is not remembered: its tick takes one more round trip. */
const maxAheadMs = 3_600_000;
/**
 * How many slots of a schedule in a row are expected only because the one before was used; after that the database has to ask
 * again.
 */
const maxTurns = 100;

const keyOf = ({ cron, zone, slot, since }: DueSchedule) =>
  `${cron}\n${zone}\n${slot}\n${since ?? ''}`;

/**
 * The slots that are expected next, so that a tick with due bots needs one round trip and not two. This is only a cache: for a
 * slot that is missing here, the database asks in its answer (`wanted`).
 */
export class ExpectedSlots {
  readonly #times = new Map<string, SlotTimes>();
  /** How many turns an entry has left; 0 when its following slot was looked up already. */
  readonly #turnsLeft = new WeakMap<SlotTimes, number>();
  readonly #max: number;
  #cutoff = 0;
  #seenAt = 0;

  constructor(max = 10_000) {
    this.#max = max;
  }

  /** The slots that may be due by now; the database's clock is estimated from the last cutoff. */
  dueSoon(): SlotTimes[] {
    const until = this.#cutoff + (performance.now() - this.#seenAt) + sentAheadMs;
    return [...this.#times.values()].filter(({ slot }) => Date.parse(slot) <= until);
  }

  /**
   * Called after a claim: adds the slots that follow the used ones, and removes those that have passed. A tick of many
   * batches names the same entries again and again: only the first time counts.
   */
  advance(used: SlotTimes[], cutoff: Date): void {
    this.#cutoff = cutoff.getTime();
    this.#seenAt = performance.now();
    for (const [key, { slot }] of this.#times)
      if (Date.parse(slot) < this.#cutoff - sentAheadMs) this.#times.delete(key);
    for (const entry of used) {
      // It was sent early and is not due yet.
      if (Date.parse(entry.slot) > this.#cutoff) continue;
      const left = this.#turnsLeft.get(entry) ?? maxTurns;
      if (left === 0) continue;
      this.#turnsLeft.set(entry, 0);
      this.#times.delete(keyOf(entry));
      const next = entry.future ?? entry.next;
      const following = { cron: entry.cron, zone: entry.zone, slot: next.toISOString() };
      const key = keyOf(following);
      if (this.#times.size >= this.#max || this.#times.has(key)) continue;
      if (next.getTime() > this.#cutoff + maxAheadMs) continue;
      try {
        const expected = slotTimes(following, cutoff);
        this.#turnsLeft.set(expected, left - 1);
        this.#times.set(key, expected);
      } catch (error) {
        // No slot follows this one: this is reported when it is due, not before.
        if (!(error instanceof BadScheduleError)) throw error;
      }
    }
  }
}

/** One simulated minute: slots are claimed, and their runs are started, checked, recorded, healed and ended by the engine's own code. */
import { performRun } from '../../src/run/perform.ts';
import { claimDue } from '../../src/schedule/claim.ts';
import { parseSchedule, slotsBetween } from '../../src/schedule/cron.ts';
import { planBots } from '../../src/schedule/plan.ts';
import type { ExpectedSlots } from '../../src/schedule/slot-times.ts';
import type { SlotTimes } from '../../src/transitions/runs/claim.ts';
import { dayMs } from './time.ts';
import type { SimulatedEngine } from './engine.ts';

/** Which schedules have a slot in which minute: of one day, for to parse them each minute would cost more than to claim. */
export class SlotsOfDay {
  readonly #times = new Map<number, SlotTimes[]>();

  constructor(crons: readonly string[], from: Date) {
    const to = new Date(+from + dayMs);
    for (const cron of new Set(crons)) {
      const slots = slotsBetween(parseSchedule(cron), from, new Date(+to + 3 * dayMs), 10_000);
      for (const [index, slot] of slots.entries()) {
        if (slot > to) break;
        const [next, after] = [slots[index + 1]!, slots[index + 2]!];
        const entry = { cron, zone: 'UTC', slot: slot.toISOString(), next, after };
        this.#times.set(+slot, [...(this.#times.get(+slot) ?? []), entry]);
      }
    }
  }

  has(now: Date): boolean {
    return this.#times.has(+now);
  }

  /** What {@link ExpectedSlots} knows of a clock that goes on by itself. */
  at(now: Date): ExpectedSlots {
    const entries = this.#times.get(+now) ?? [];
    return { dueSoon: () => entries, advance() {} } as unknown as ExpectedSlots;
  }
}

export interface MinuteCost {
  runs: number;
  /** of the claim */
  claimMs: number;
  /** of the runs, from their start to their end */
  performMs: number;
}

export async function planAll({ db, catalogue }: SimulatedEngine): Promise<void> {
  await planBots(db, catalogue);
}

export async function passMinute(
  world: SimulatedEngine,
  slots: SlotsOfDay,
  now: Date,
): Promise<MinuteCost> {
  const { db, engine, queue, together } = world;
  await world.setTime(now);
  const began = performance.now();
  await claimDue(db, slots.at(now), async (entries) => queue.add(entries));
  const claimed = performance.now();
  let runs = 0;
  // A run that ends may let another one begin.
  for (let entries = queue.takeRuns(); entries.length > 0; entries = queue.takeRuns()) {
    runs += entries.length;
    await together.all(entries.map((entry) => () => performRun(engine, entry)));
  }
  return { runs, claimMs: claimed - began, performMs: performance.now() - claimed };
}

/** The slots of all bots, in the present period and in earlier ones. */
import * as data from '../../data/report/slots.ts';
import type { Db } from '../../database/connect.ts';
import { noSlots, type SlotCounts } from '../../report/report.ts';
import { earlierSlots, seriesOf, type EarlierSlots } from './earlier.ts';
import { plannedSlots } from './planned-slots.ts';
import { prove, type Proof } from './proof.ts';

export interface Proven {
  proofs: Proof[];
  /** the slots of all bots together */
  total: SlotCounts;
  earlier: EarlierSlots[];
  otherRuns: Record<string, number>;
}

/** `now` is the database's time. */
export async function proveAll(
  db: Db,
  bots: readonly data.ReportBot[],
  bounds: readonly Date[],
  now: Date,
): Promise<Proven> {
  const times = bounds.map((bound) => bound.getTime());
  const [from, to] = [bounds.at(-2)!, bounds.at(-1)!];
  const ids = bots.map(({ id }) => id);
  const recorded = Map.groupBy(
    await data.recordedSlots(db, ids, { from, to }),
    (row) => row.bot_id,
  );
  const missed = Map.groupBy(
    await data.missedSlots(db, ids, { from: bounds[0]!, to }),
    (row) => row.bot_id,
  );
  const counted = Map.groupBy(
    await data.slotsOfPeriods(db, ids, bounds.slice(0, -1)),
    (row) => row.bot_id,
  );
  const planned = plannedSlots({ from: times[0]!, to: to.getTime() });
  const proofs: Proof[] = [];
  const total = noSlots();
  const earlier = bounds
    .slice(2)
    .map((): EarlierSlots => ({ due: 0, ran: 0, failed: 0, skipped: 0, missing: 0 }));
  for (const bot of bots) {
    const slotsOf = planned(bot);
    const series = (missed.get(bot.id) ?? []).map(seriesOf);
    const proof = prove(
      bot,
      { from: from.getTime(), to: to.getTime() },
      { recorded: recorded.get(bot.id) ?? [], missed: series },
      slotsOf,
      now.getTime(),
    );
    proofs.push(proof);
    addTo(total, proof.slots);
    const rows = { counted: counted.get(bot.id) ?? [], missed: series };
    for (const [index, slots] of earlierSlots(bot, times.slice(0, -1), rows, slotsOf).entries())
      for (const key of Object.keys(slots) as (keyof EarlierSlots)[])
        earlier[index]![key] += slots[key];
  }
  const others = await data.runsWithoutSlot(db, { from, to });
  return {
    proofs,
    total,
    earlier,
    otherRuns: Object.fromEntries(others.map(({ trigger, count }) => [trigger, count])),
  };
}

function addTo(total: SlotCounts, { skipped, ...counts }: SlotCounts): void {
  for (const key of Object.keys(counts) as (keyof typeof counts)[]) total[key] += counts[key];
  for (const [reason, count] of Object.entries(skipped))
    total.skipped[reason] = (total.skipped[reason] ?? 0) + count;
}

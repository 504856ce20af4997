import { catalogueOf } from '../../../src/catalogue/catalogue.ts';
import type { Db } from '../../../src/database/connect.ts';
import { claimDue } from '../../../src/schedule/claim.ts';
import { planBots } from '../../../src/schedule/plan.ts';
import { ExpectedSlots } from '../../../src/schedule/slot-times.ts';
import { bots, remedies } from './bots.ts';
import { plantBots } from './plant.ts';
import { ms, quantile, type Line } from './table.ts';
import { inWords, sized } from '../size.ts';

const ticks = sized(300, 5);
const few = sized(10_000, 100);
const many = sized(1_000_000, 1_000);

/** What a scheduler does each second while nothing is due. */
async function p50(db: Db, count: number): Promise<number> {
  await plantBots(db, count, { due: false });
  const catalogue = catalogueOf(bots, remedies);
  const expected = new ExpectedSlots();
  const times: number[] = [];
  for (let i = 0; i < ticks; i++) {
    const began = performance.now();
    await planBots(db, catalogue);
    await claimDue(db, expected, async () => {});
    times.push(performance.now() - began);
  }
  return quantile(times, 0.5);
}

export async function idleTick(db: Db): Promise<Line> {
  const small = await p50(db, few);
  const large = await p50(db, many);
  return {
    what: `idle tick over ${inWords(many)} bots, p50`,
    ours: ms(large),
    peer: `${ms(small)} over ${inWords(few)}`,
    ratio: large / small,
    goal: 'under 1 ms, at most 3 x',
    met: large < 1 && large / small <= 3,
    note: 'a tick is two round trips: one looks for edited bots, one claims.',
  };
}

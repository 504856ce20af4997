import { catalogueOf } from '../../../src/catalogue/catalogue.ts';
import type { Db } from '../../../src/database/connect.ts';
import { claimDue } from '../../../src/schedule/claim.ts';
import { planBots } from '../../../src/schedule/plan.ts';
import { ExpectedSlots } from '../../../src/schedule/slot-times.ts';
import { bots, remedies } from './bots.ts';
import { plantBots } from './plant.ts';
import { ms, quantile, type Line } from './table.ts';

const ticks = 300;

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
  const small = await p50(db, 10_000);
  const large = await p50(db, 1_000_000);
  return {
    what: 'idle tick over 1,000,000 bots, p50',
    ours: ms(large),
    peer: `${ms(small)} over 10,000`,
    ratio: large / small,
    goal: 'under 1 ms, at most 3 x',
    met: large < 1 && large / small <= 3,
    note: 'a tick is two round trips: one looks for edited bots, one claims.',
  };
}

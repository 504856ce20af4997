import { z } from 'zod';
import { defineJob, type Figures, type JobContext } from '../src/contract/job.ts';
import { dayOf, rollUpDay, writeBotMetrics } from '../src/data/rollups/days.ts';
import { hoursToRollUp, rollUpHour } from '../src/data/rollups/hours.ts';
import { removeOldRollups } from '../src/data/rollups/old-rollups.ts';
import { whyAllStays } from '../src/data/retention/why-all-stays.ts';
import { rollupKinds, type RollupKind } from '../src/data/rollups/sources.ts';
import { hasPlatform } from '../src/database/migrate/extent.ts';
import { PartByPart } from '../src/database/faults/part-by-part.ts';

/** How many old rows one transaction removes at most. */
const maxRemoved = 10_000;

/**
 * Adds up, hour by hour, the figures of bots, endpoints, apps and providers from the tables that grow. Each hour has its own
 * commit, so that a first run over five weeks may be stopped at any time, and the next run continues after the last hour.
 */
export const rollup = defineJob({
  name: 'rollup',
  title: 'Add up the figures of the last hour, for baselines and reports',
  payload: z.strictObject({}),
  // After the hour, when transactions that began in it have most probably ended.
  schedule: '4 * * * *',
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 900,
  async handler(context) {
    const kinds: RollupKind[] = (await hasPlatform(context.db)) ? rollupKinds : ['bot'];
    const figures: Figures & { hours: number; rows: number } = { hours: 0, rows: 0 };
    const parts = new PartByPart();
    for (const kind of kinds) {
      const done = await parts.carryOut(`the figures of the kind ${kind}`, () =>
        rollUp(context, kind),
      );
      figures.hours += done?.hours ?? 0;
      figures.rows += done?.rows ?? 0;
    }
    figures.removed = await parts.carryOut('old figures', () => removeOld(context));
    if (parts.anyRefused) context.report(() => figures);
    parts.refuseIfAny('the log of PostgreSQL says more; the next run goes on where this one ended');
    return figures;
  },
});

async function rollUp(
  { db, commit, signal }: JobContext,
  kind: RollupKind,
): Promise<{ hours: number; rows: number }> {
  const hours = await hoursToRollUp(db, kind);
  let rows = 0;
  for (const [index, hour] of hours.entries()) {
    signal.throwIfAborted();
    const day = dayOf(hour);
    const next = hours[index + 1];
    const endsDay = next === undefined || +dayOf(next).from !== +day.from;
    rows += await commit(async (trx) => {
      const counted = await rollUpHour(trx, kind, hour);
      if (endsDay) await rollUpDay(trx, kind, day);
      if (endsDay && kind === 'bot') await writeBotMetrics(trx, day);
      return counted;
    });
  }
  return { hours: hours.length, rows };
}

/** None while nothing may go by its age: what was counted of rows that are gone cannot be counted again. */
async function removeOld({ db, commit, signal }: JobContext): Promise<number> {
  if ((await whyAllStays(db)) !== null) return 0;
  for (let removed = 0; ;) {
    signal.throwIfAborted();
    const count = await commit((trx) => removeOldRollups(trx, maxRemoved));
    removed += count;
    if (count < maxRemoved) return removed;
  }
}

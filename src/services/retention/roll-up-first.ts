import type { JobContext } from '../../contract/job.ts';
import {
  daysToCheck,
  dayWithRows,
  lacksRows,
  noteRemoval,
  rollUpWholeDay,
} from '../../data/rollups/before-removal.ts';
import type { RollupKind } from '../../data/rollups/sources.ts';
import type { Pace } from './pace.ts';

/**
 * Sees to it that all days before `wanted` are in the figures, and returns until when rows may be removed: null where the job
 * `rollup` has added up nothing yet. It rests after each day, as after each statement that removes rows.
 */
export async function rolledUpUntil(
  { db, commit, signal }: Pick<JobContext, 'db' | 'commit' | 'signal'>,
  kind: RollupKind,
  wanted: Date,
  pace: Pick<Pace, 'mayGoOn' | 'rest'>,
): Promise<Date | null> {
  const { from, until } = await daysToCheck(db, kind, wanted);
  if (until === null) return null;
  for (let next = from; ;) {
    if (!(await pace.mayGoOn())) return next;
    const began = performance.now();
    const day = await dayWithRows(db, kind, { from: next, to: until });
    if (day === null) break;
    const isLacking = await lacksRows(db, kind, day, signal);
    await commit(async (trx) => {
      if (isLacking) await rollUpWholeDay(trx, kind, day);
      await noteRemoval(trx, kind, day.to);
    });
    next = day.to;
    await pace.rest(performance.now() - began);
  }
  await commit((trx) => noteRemoval(trx, kind, until));
  return until;
}

/** The job `maintenance`: until when it works, what waits meanwhile, and what its run records. */
import { z } from 'zod';
import type { Figures, JobContext } from '../../contract/job.ts';
import { currentMode, currentTime } from '../../data/bots/engine.ts';
import { jobRunsOf } from '../../data/bots/job-runs.ts';
import {
  beginHoldingBack,
  endHoldingBack,
  firstHeldBack,
} from '../../data/maintenance/hold-back.ts';
import { maintenanceHours, readSetting } from '../../data/settings/rows.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { Tally } from '../../upkeep/tally.ts';
import { upkeep } from '../../upkeep/upkeep.ts';
import { endOfSlot } from './hours.ts';

/** The server refused what was asked of it, for a reason that is not another session's. */
export class UpkeepFailedError extends RoundsmanError {}

export interface UpkeepPayload {
  /** how long a run that a person asks for may work; two hours unless given */
  minutes?: number | undefined;
}

const usualMinutes = 120;
/** The findings of which people are not told while tables are worked on: they may be about that work, and none of them is urgent. */
const heldBack = ['low', 'info'] as const;

/** Throws {@link UpkeepFailedError} at the end where something failed; the rest was done all the same. */
export async function workOnTables(context: JobContext, payload: UpkeepPayload): Promise<Figures> {
  const { db, databaseUrl: url, signal, run, report } = context;
  if (await isOff(context))
    return { worked: false, why: 'the mode is off: `npx roundsman mode safe` lets it work' };
  const now = await currentTime(db);
  const until = await endOf(context, payload, now);
  if (until === null)
    return { worked: false, why: 'the clocks skip these hours, or other hours are set now' };
  if (until <= now)
    return { worked: false, why: 'its hours were over before it began', until, late: true };
  await beginHoldingBack(db, { id: run.id, until, severities: heldBack });
  const tally = new Tally();
  const figures = (): Figures => ({ worked: true, until, ...tally.figures() });
  report(figures);
  try {
    await upkeep({
      db,
      tally,
      url,
      until: performance.now() + until.getTime() - now.getTime(),
      signal,
      last: await brokenOffBefore(db),
      isAllowed: async () => !(await isOff(context)),
    });
    if (tally.failed.length === 0) return figures();
    const [first] = tally.failed;
    throw new UpkeepFailedError({
      what: `${tally.failed.length} of ${tally.failed.length + tally.tables.length + tally.indexes.length} could not be worked on`,
      why: `${first!.name}: ${first!.why}`,
      hint: 'the log of PostgreSQL says more',
    });
  } finally {
    await endHoldingBack(db, run.id);
  }
}

/** When the run has to end, by the database's clock: an attempt that is begun again has the end of the first one. */
async function endOf(
  { db, run }: JobContext,
  { minutes = usualMinutes }: UpkeepPayload,
  now: Date,
): Promise<Date | null> {
  if (run.scheduledFor)
    return endOfSlot((await readSetting(db, maintenanceHours))?.value ?? null, run.scheduledFor);
  const began = (await firstHeldBack(db, run.id)) ?? now;
  return new Date(began.getTime() + minutes * 60_000);
}

/** The tables of which the newest run that worked has broken off its work because its time was over. */
async function brokenOffBefore(db: JobContext['db']): Promise<string[]> {
  const runs = await jobRunsOf(db, 'maintenance', 20);
  const newest = runs
    .map(({ figures }) => worked.safeParse(figures))
    .find(({ success }) => success);
  return newest?.data?.broken_off ?? [];
}
const worked = z.object({ worked: z.literal(true), broken_off: z.array(z.string()).catch([]) });

/** A mode that is not known allows nothing. */
const isOff = async ({ db }: JobContext): Promise<boolean> =>
  !['safe', 'auto'].includes((await currentMode(db)) ?? '');

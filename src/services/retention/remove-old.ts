/** The job `retention`: removes old rows that nothing needs any more, a few at a time, beside the platform's own work. */
import { sql } from 'kysely';
import type { Figures, JobContext } from '../../contract/job.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { whyClockUnsure } from '../../data/retention/clock.ts';
import { whyUnjudged } from '../../data/retention/columns.ts';
import {
  anyToGo,
  removeBatch,
  type Position,
  type RemovedBatch,
} from '../../data/retention/remove-batch.ts';
import { withForeignReasons } from '../../data/retention/referring.ts';
import { clearedUntil, noteCleared } from '../../data/rollups/before-removal.ts';
import { cutoffOf, isLog, type RetainedTable } from '../../data/retention/retained-table.ts';
import { retainedTables } from '../../data/retention/tables/index.ts';
import { cancelled, denied, stateOf } from '../../database/faults/sql-states.ts';
import { hasPlatform } from '../../database/migrate/extent.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import { isOfTable, isPassing } from './faults.ts';
import { Pace, usualPace, type PaceLimits } from './pace.ts';
import { daysFor, notRolledUp, readPlan, unreadable, whyNothing } from './plan.ts';
import { rolledUpUntil } from './roll-up-first.ts';

/** The rows of a table could not be removed, for a reason that is not another session's: a trigger refuses it, or a column is another one. */
export class RetentionFailedError extends RoundsmanError {}

type Context = Pick<JobContext, 'db' | 'commit' | 'signal' | 'run'> &
  Partial<Pick<JobContext, 'report'>>;

/** How often a table is tried again whose statement met a lock of another session, before it is left for the next night. */
const maxTries = 5;

const outOfTime = 'the time was over; the next run goes on';
const lockedTable = 'another session kept it locked; the next run tries again';
const tookTooLong = 'a statement took too long, five times; the next run tries again';
const notAllowed = 'the login of the engine may not delete there';

export interface RemovalOptions {
  pace?: PaceLimits;
  /** a person says that the clock of the database is right, although it went on by days at once */
  trustsClock?: boolean;
}

/**
 * Returns how many rows of each table went, and why it did not come to the others. Throws {@link RetentionFailedError} at the end where
 * a table refused it; the rest was done all the same, and is reported.
 */
export async function removeOld(
  context: Context,
  { pace = usualPace, trustsClock = false }: RemovalOptions = {},
): Promise<Figures> {
  const { db, signal, run, report } = context;
  const [plan, now] = await Promise.all([readPlan(db), currentTime(db)]);
  const why = (await whyNothing(db, plan, now)) ?? (trustsClock ? null : await whyClockUnsure(db));
  if (why !== null) return { removed: 0, why };
  const late = run.scheduledFor === null ? 0 : Math.max(0, +now - +run.scheduledFor);
  const leftMs = plan.minutes * 60_000 - late;
  if (leftMs <= 0)
    return { removed: 0, why: `its slot is more than ${plan.minutes} minutes ago`, late: true };

  const paced = new Pace(db, pace, signal, performance.now() + leftMs);
  const platform = await hasPlatform(db);
  const removed: Record<string, number> = {};
  const left: Record<string, string> = {};
  const failed: { table: string; why: string }[] = [];
  const figures = (): Figures => ({
    removed: Object.values(removed).reduce((sum, rows) => sum + rows, 0),
    tables: removed,
    ...(Object.keys(left).length > 0 && { left }),
    ...(failed.length > 0 && {
      failed: Object.fromEntries(failed.map((each) => [each.table, each.why])),
    }),
    ...(paced.waitedMs > 0 && {
      waited_seconds: Math.round(paced.waitedMs / 1_000),
      waited_for: paced.why,
    }),
  });
  report?.(figures);
  for (const table of inTurn(now)) {
    if (table.removedByJob || (table.isPlatforms && !platform)) continue;
    const days = daysFor(table, plan);
    if (days === null) continue;
    if (days === 'unfit') left[table.table] = unreadable(table.age);
    else
      try {
        const unjudged = await whyUnjudged(db, table);
        if (unjudged !== null) failed.push({ table: table.table, why: unjudged });
        else {
          const judged = await withForeignReasons(db, table);
          const why = await removeOldOf(context, judged, days, paced, (rows) => {
            removed[table.table] = (removed[table.table] ?? 0) + rows;
          });
          if (why !== null) left[table.table] = why;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (!isOfTable(error)) throw error;
        failed.push({ table: table.table, why: messageOf(error) });
      }
  }
  refuseIfFailed(failed);
  return figures();
}

function refuseIfFailed(failed: readonly { table: string; why: string }[]): void {
  const [first] = failed;
  if (first === undefined) return;
  throw new RetentionFailedError({
    what: `old rows of ${failed.map(({ table }) => table).join(', ')} could not be removed`,
    why: `${first.table}: ${first.why}`,
    hint: 'the other tables were worked on; look for a trigger, a rule or a changed column of this table, or set its age to keep',
  });
}

/**
 * The tables in the order in which they are read: the bots' as their references ask for, then the platform's, of which each night another one
 * is the first, so that none is left out where the time is too short for all.
 */
function inTurn(now: Date): RetainedTable[] {
  const [own, platforms] = [false, true].map((is) =>
    retainedTables.filter(({ isPlatforms }) => isPlatforms === is),
  ) as [RetainedTable[], RetainedTable[]];
  const first = Math.floor(+now / 86_400_000) % platforms.length;
  return [...own, ...platforms.slice(first), ...platforms.slice(0, first)];
}

/** Resolves with why rows may be left that nothing needs; null: there are none. `went` is told how many rows have gone, after each statement. */
async function removeOldOf(
  context: Context,
  table: RetainedTable,
  days: number,
  pace: Pace,
  went: (rows: number) => void,
): Promise<string | null> {
  went(0);
  const { wanted, before } = await cutoff(context, table, days, pace);
  const isLeft = (after: Date | null) => anyToGo(context.db, table, { after, before: wanted });
  if (before === null) return (await isLeft(null)) ? notRolledUp : null;
  const log = isLog(table) ? table.figures : null;
  const cleared = log && (await clearedUntil(context.db, log));
  for (;;) {
    const pass = await removeOnce(context, table, { before, cleared }, pace, went);
    if (pass.why === outOfTime) return (await isLeft(null)) ? outOfTime : null;
    if (pass.why !== null) return pass.why;
    if (log && pass.seen === pass.removed)
      await context.commit((trx) => noteCleared(trx, log, before));
    if (table.again && pass.removed > 0) continue;
    return before < wanted && (await isLeft(before)) ? notRolledUp : null;
  }
}

/** What is older than `wanted` is old, and what is older than `before` may go: as far as the figures are. */
async function cutoff(
  context: Context,
  { figures }: RetainedTable,
  days: number,
  pace: Pace,
): Promise<{ wanted: Date; before: Date | null }> {
  const { rows } = await sql<{ at: Date }>`SELECT ${cutoffOf(days)} AS at`.execute(context.db);
  const wanted = rows[0]!.at;
  return {
    wanted,
    before: figures === null ? wanted : await rolledUpUntil(context, figures, wanted, pace),
  };
}

interface Pass {
  removed: number;
  seen: number;
  /** why it did not come to the end; null: it did */
  why: string | null;
}

/** Once through all old rows of a table. */
async function removeOnce(
  { commit }: Context,
  table: RetainedTable,
  { before, cleared }: { before: Date; cleared: Date | null },
  pace: Pace,
  went: (rows: number) => void,
): Promise<Pass> {
  let [removed, seen, tries] = [0, 0, 0];
  for (let after: Position | null = null; ;) {
    if (!(await pace.mayGoOn())) return { removed, seen, why: outOfTime };
    const limit = Math.min(pace.rows, table.most ?? Infinity);
    const from: Position | null = after;
    const began = performance.now();
    try {
      const batch: RemovedBatch = await commit((trx) =>
        removeBatch(trx, table, {
          after: from,
          before: sql`${before}::timestamptz`,
          limit,
          cleared,
        }),
      );
      removed += batch.removed;
      went(batch.removed);
      seen += batch.seen;
      tries = 0;
      if (batch.seen < limit) {
        // Where it is read again, passes would follow each other without a rest.
        if (table.again && batch.removed > 0) await pace.tookMs(performance.now() - began);
        return { removed, seen, why: null };
      }
      after = batch.last;
    } catch (error) {
      // Nothing of the statement was written.
      if (stateOf(error) === denied) return { removed, seen, why: notAllowed };
      if (!isPassing(error)) throw error;
      if ((tries += 1) >= maxTries)
        return { removed, seen, why: stateOf(error) === cancelled ? tookTooLong : lockedTable };
      await pace.slowDown();
      continue;
    }
    await pace.tookMs(performance.now() - began);
  }
}

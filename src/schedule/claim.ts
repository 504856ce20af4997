import type { Db } from '../database/connect.ts';
import { meaningOf } from '../database/faults/sql-states.ts';
import type { RunEntry } from '../queue/run-queue.ts';
import { BatchSize } from './batch-size.ts';
import { BadScheduleError } from './cron.ts';
import { markScheduleInError } from '../transitions/bots/mark-in-error.ts';
import {
  claimSlots,
  type ClaimedBatch,
  type SlotTimes,
  type DueSchedule,
} from '../transitions/runs/claim.ts';
import { slotTimes, type ExpectedSlots } from './slot-times.ts';

/** Whether this is the error of statement_timeout (query_canceled) or of lock_timeout (lock_not_available). */
const isTimeout = (error: unknown): boolean => meaningOf(error)?.fault === 'timeout';

export interface Claimed {
  queued: (RunEntry & { bot_id: string })[];
  skipped: number;
  refused: { cron: string; zone: string; reason: string }[];
  /** schedules with due bots that could not be claimed; an event is emitted if there are any */
  unclaimed: number;
}

/**
 * Claims every bot that is due by the database's clock. The whole tick uses one cutoff; each batch is one round trip
 * that inserts runs and gives bots their next slot. `enqueue` is called after each batch has committed. When it throws,
 * it is not called again, and its error is thrown after everything was claimed: no slot may be lost because the queue cannot be
 * reached, and rescue queues rows that have no entry. A batch that takes the server too long is tried again as a smaller one;
 * `size` remembers that for the next tick.
 */
export async function claimDue(
  db: Db,
  expected: ExpectedSlots,
  enqueue: (entries: RunEntry[]) => Promise<void>,
  size = new BatchSize(),
): Promise<Claimed> {
  const claimed: Claimed = { queued: [], skipped: 0, refused: [], unclaimed: 0 };
  let cutoff: Date | null = null;
  let enqueueFailure: { error: unknown } | null = null;
  const times = new Map(expected.dueSoon().map((entry) => [keyOf(entry), entry]));
  size.beginTick();
  for (;;) {
    const { maxBots } = size;
    const answer: ClaimedBatch | null = await claimSlots(db, cutoff, maxBots, [
      ...times.values(),
    ]).catch((error: unknown) => {
      if (isTimeout(error) && size.tookTooLong()) return null;
      throw error;
    });
    if (!answer) continue;
    size.succeeded();
    cutoff = new Date(answer.cutoff);
    claimed.skipped += answer.skipped;
    claimed.queued.push(...answer.queued);
    try {
      if (!enqueueFailure) await enqueue(answer.queued);
    } catch (error) {
      enqueueFailure = { error };
    }

    const { found, refused } = timesOf(answer.wanted, cutoff);
    for (const schedule of refused) await markScheduleInError(db, schedule, schedule.reason);
    claimed.refused.push(...refused);
    expected.advance([...times.values()], cutoff);

    // An entry can change at most twice: once when it is new, once when its missed slots are added.
    const additions = found.filter((entry) => {
      const known = times.get(keyOf(entry));
      return !known || (entry.future !== undefined && known.future === undefined);
    });
    for (const entry of additions) times.set(keyOf(entry), entry);
    const full = answer.queued.length + answer.skipped >= maxBots;
    if (additions.length === 0 && !full) {
      if (enqueueFailure) throw enqueueFailure.error;
      claimed.unclaimed = answer.wanted.length - refused.length;
      return claimed;
    }
  }
}

// Compares instants, not texts: the database writes `+00:00` where JavaScript writes `Z`. A slot that was written by
// hand may have microseconds, which a Date drops.
const keyOf = ({ cron, zone, slot, since }: DueSchedule) =>
  [cron, zone, ...instantOf(slot), ...(since ? instantOf(since) : [])].join('\n');

const instantOf = (text: string) => [Date.parse(text), /\.\d{3}(\d+)/.exec(text)?.[1]];

/** The times of the slots that the database asks for, and the schedules that cannot be read. */
function timesOf(wanted: DueSchedule[], cutoff: Date) {
  const found: SlotTimes[] = [];
  const refused: { cron: string; zone: string; reason: string }[] = [];
  for (const entry of wanted) {
    try {
      found.push(slotTimes(entry, cutoff));
    } catch (error) {
      if (!(error instanceof BadScheduleError)) throw error;
      refused.push({ cron: entry.cron, zone: entry.zone, reason: error.why });
    }
  }
  return { found, refused };
}

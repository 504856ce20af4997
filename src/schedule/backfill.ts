/**
 * Queues runs for slots of the past, on request: inserts rows for slots that have none, and queues rows that were
 * skipped. Writes only rows; rescue finds them and adds their entries. The runs wait for a free place of the bot
 * (`concurrency`); the bot's regular slots go on meanwhile.
 */
import { sql } from 'kysely';
import { BotCannotRunError } from '../data/bots/bot-executions.ts';
import type { BotRow } from '../data/bots/bots.ts';
import type { Db } from '../database/connect.ts';
import { UsageError } from '../ground/errors.ts';
import { timeForCommand } from '../ground/text.ts';
import {
  keepMissedSlots,
  queueSkippedSlots,
  queueSlots,
  type MissedStretch,
} from '../transitions/runs/backfill.ts';
import { lastMissed, rowsIn, type SlotRow } from './slot-rows.ts';
import { rememberedSchedule, slotsBetween, type Schedule } from './cron.ts';
import { cutOut, missedStretch } from './missed.ts';

/** A time, or a number of seconds before the database's now. */
export type Moment = Date | { secondsAgo: number };

export interface BackfillRequest {
  since: Moment;
  /** The end of the period, not included; the default is now. */
  until?: Moment | undefined;
  /** How many slots the period may have. */
  limit: number;
  /** Only report what would be done. */
  dryRun: boolean;
}

export interface Backfilled {
  since: Date;
  until: Date;
  /** slots that had no row */
  inserted: Date[];
  /** rows that were skipped, as they were before this call */
  requeued: SlotRow[];
  /** rows that have ended in another way: no slot is run twice */
  ran: SlotRow[];
  /** rows that are already queued or running */
  open: SlotRow[];
  /** rows of several missed slots that do not fit the present schedule: they stay as they are */
  left: SlotRow[];
  /** The bot's slot that is due and not claimed yet; this slot and later ones are left to the scheduler. */
  unclaimed: Date | null;
}

/** The period of a backfill lies in the future, ends before it begins, or has more slots than are allowed. */
export class BackfillRangeError extends UsageError {}

/** Throws {@link BackfillRangeError}, BotCannotRunError, BadScheduleError. */
export const backfill = (db: Db, botId: string, request: BackfillRequest): Promise<Backfilled> =>
  db.transaction().execute(async (trx) => {
    // A claim takes the same lock: if a claim and a backfill meet, the second one sees the rows of the first one.
    const bot = await trx
      .selectFrom('bots')
      .selectAll()
      .select(sql<Date>`engine.now()`.as('now'))
      .where('id', '=', botId)
      .forNoKeyUpdate()
      .executeTakeFirstOrThrow();
    refuseUnlessActive(bot);
    const schedule = rememberedSchedule(bot.schedule_cron, bot.timezone);
    const period = periodOf(request, bot.now);
    const { since } = period;
    const unclaimed = bot.next_slot_at && bot.next_slot_at <= bot.now ? bot.next_slot_at : null;
    const ends = [period.until, unclaimed ?? period.until].map((end) => end.getTime());
    const until = new Date(Math.max(since.getTime(), Math.min(...ends)));

    const slots = slotsBetween(schedule, justBefore(since), justBefore(until), request.limit + 1);
    const rows = await rowsIn(trx, botId, since, until, request.limit + 1);
    if (Math.max(slots.length, rows.length) > request.limit)
      throw tooManySlots(bot.name, request.limit);

    const earlier = await lastMissed(trx, botId, since);
    const { divided, ...plan } = planRows(schedule, slots, earlier, rows, { since, until });
    if (!request.dryRun) {
      // This comes first, because it copies columns of rows that the next statement changes.
      for (const missed of divided) await keepMissedSlots(trx, missed);
      await queueSkippedSlots(trx, bot, plan.requeued);
      await queueSlots(trx, bot, plan.inserted);
    }
    return { since, until, ...plan, unclaimed };
  });

const justBefore = (at: Date) => new Date(at.getTime() - 1);

function refuseUnlessActive({ name, status, status_reason, removed_at }: BotRow): void {
  if (status === 'active') return;
  throw new BotCannotRunError({
    what: `the missed slots of ${name} cannot be run now`,
    why: `it ${removed_at ? 'was removed' : `is ${status === 'error' ? 'in error' : status}`}${status_reason ? `: ${status_reason}` : ''}`,
    hint:
      status === 'error'
        ? `correct its definition: \`npx roundsman bots edit ${name}\``
        : `\`npx roundsman bots ${status === 'disabled' ? 'enable' : 'resume'} ${name}\` first; then the slots of the pause can be run`,
  });
}

function periodOf({ since, until }: BackfillRequest, now: Date): { since: Date; until: Date } {
  const instantOf = (at: Moment) =>
    at instanceof Date ? at : new Date(now.getTime() - at.secondsAgo * 1000);
  const from = instantOf(since);
  const to = until ? instantOf(until) : now;
  const refuse = (what: string, why: string, hint: string): never => {
    throw new BackfillRangeError({ what, why, hint });
  };
  const clock = `by the database's clock it is ${timeForCommand(now)}`;
  if (from >= now)
    refuse(
      `--since ${timeForCommand(from)} lies in the future`,
      clock,
      'give a time that has passed',
    );
  if (to > now)
    refuse(
      `--until ${timeForCommand(to)} lies in the future`,
      clock,
      'leave --until out: future slots run by themselves',
    );
  if (from >= to)
    refuse(
      'the period is empty',
      `it would go from ${timeForCommand(from)} to ${timeForCommand(to)}`,
      'give an --until that is later than --since',
    );
  return { since: from, until: to };
}

const tooManySlots = (name: string, limit: number) =>
  new BackfillRangeError({
    what: `nothing of ${name} was queued`,
    why: `the period has more than ${limit} slots`,
    hint: 'give a shorter period, or allow more with --limit',
  });

interface Plan extends Pick<Backfilled, 'inserted' | 'requeued' | 'ran' | 'open' | 'left'> {
  /** rows of several missed slots of which some are queued, with the slots that stay missed */
  divided: { row: SlotRow; rest: MissedStretch[] }[];
}

/** What is done with each row and each slot; `earlier` are rows that begin before the period. */
function planRows(
  schedule: Schedule,
  slots: Date[],
  earlier: SlotRow[],
  rows: SlotRow[],
  { since, until }: Pick<Backfilled, 'since' | 'until'>,
): Plan {
  const plan: Plan = { inserted: [], requeued: [], ran: [], open: [], left: [], divided: [] };
  const divide = (row: SlotRow): boolean => {
    const rest = cutOut(schedule, missedStretch(row), since, until);
    if (rest) plan.divided.push({ row, rest });
    else plan.left.push(row);
    return rest !== null;
  };
  for (const row of earlier) if (missedStretch(row).last >= since) divide(row);
  for (const row of rows) {
    if (row.status === 'queued' || row.status === 'running') plan.open.push(row);
    else if (row.status !== 'skipped') plan.ran.push(row);
    else if (row.reason !== 'missed' || divide(row)) plan.requeued.push(row);
  }
  const taken = new Set(rows.map((row) => row.scheduled_for.getTime()));
  plan.inserted = slots.filter((slot) => !taken.has(slot.getTime()));
  return plan;
}

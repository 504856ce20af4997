import { sql } from 'kysely';
import type { BotRow } from '../../data/bots/bots.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { countRows } from '../../database/rows/count-rows.ts';
import { BadScheduleError, nextSlot } from '../../schedule/cron.ts';
import { skippingWindows, type SkippedBy } from '../maintenance/slots.ts';
import { botOf } from '../references/named.ts';
import { scheduleInWords, scheduleOf, UnreadableScheduleError } from './schedule.ts';

/**
 * A slot of a bot's schedule, and the time at which its run starts: the slot plus the bot's jitter, if it has one.
 */
export interface NextRun {
  slot: Date;
  start: Date;
  /** the maintenance window that skips it */
  maintenance: SkippedBy | null;
}

/** A bot's next slot and start, or why there is none. */
export interface NextRunOfBot {
  bot: BotRow;
  slot: Date | null;
  start: Date | null;
  /** the maintenance window that skips it */
  maintenance: SkippedBy | null;
  error?: string;
}

/**
 * The next run of each active bot in the order of their starts, also if a maintenance window skips it; `all` counts the active
 * bots.
 */
export async function nextRunOfEach(db: Db, { limit }: { limit: number }) {
  const now = await currentTime(db);
  const bots = await activeBots(db, limit);
  const skippedBy = await skippingWindows(db);
  const unsorted = await Promise.all(bots.map((bot) => nextRunOf(db, bot, { now, skippedBy })));
  const next = unsorted.toSorted(
    (a, b) => (a.start?.getTime() ?? Infinity) - (b.start?.getTime() ?? Infinity),
  );
  return { next, all: () => countRows(db, active(db)), now };
}

const active = (db: Db) => db.selectFrom('bots').where('status', '=', 'active');

/** The active bots, the one with the earliest slot first. */
const activeBots = (db: Db, limit: number): Promise<BotRow[]> =>
  active(db).selectAll().orderBy('next_slot_at').orderBy('name').limit(limit).execute();

/** A bot and its next `count` runs; fewer if its schedule has no more slots. Throws NotFoundError, UnreadableScheduleError. */
export async function nextRuns(db: Db, { bot: given, count }: { bot: string; count: number }) {
  const now = await currentTime(db);
  const bot = await botOf(db, given);
  const { zone } = scheduleOf(bot);
  const slots = slotsFrom(bot, now, count);
  const starts = await startsOf(db, bot, slots);
  const skippedBy = await skippingWindows(db);
  const next = starts.map((start, index): NextRun => {
    const slot = slots[index]!;
    return { slot, start, maintenance: skippedBy(bot.id, slot, start) };
  });
  return { bot, zone, schedule: await scheduleInWords(bot), next, now };
}

async function nextRunOf(
  db: Db,
  bot: BotRow,
  { now, skippedBy }: { now: Date; skippedBy: Awaited<ReturnType<typeof skippingWindows>> },
): Promise<NextRunOfBot> {
  try {
    const slots = slotsFrom(bot, now, 1);
    const [start] = await startsOf(db, bot, slots);
    const slot = slots[0] ?? null;
    const maintenance = slot && start ? skippedBy(bot.id, slot, start) : null;
    return { bot, slot, start: start ?? null, maintenance };
  } catch (error) {
    if (!(error instanceof UnreadableScheduleError)) throw error;
    return { bot, slot: null, start: null, maintenance: null, error: error.why };
  }
}

/** The next `count` slots and one more, which ends the interval of the last one; fewer if the schedule has no more. */
function slotsFrom(bot: BotRow, now: Date, count: number): Date[] {
  const schedule = scheduleOf(bot);
  const slots = isPlanned(bot) ? [bot.next_slot_at!] : [];
  try {
    while (slots.length <= count) {
      const last = slots.at(-1);
      slots.push(nextSlot(schedule, last && last > now ? last : now));
    }
  } catch (error) {
    if (!(error instanceof BadScheduleError)) throw error;
  }
  return slots;
}

const isPlanned = ({ status, next_slot_at, next_execution_at }: BotRow): boolean =>
  status === 'active' && next_slot_at !== null && next_execution_at !== null;

/** The start of each slot's run, except for the last slot: computed by the same function as in the claim. */
async function startsOf(db: Db, bot: BotRow, slots: Date[]): Promise<Date[]> {
  const { rows } = await sql<{ start: Date }>`
    SELECT slot + make_interval(secs => engine.jitter_ms(${bot.id}::uuid, slot, ${bot.jitter_seconds}::int,
             (extract(epoch FROM following - slot) * 1000)::bigint) / 1000.0) AS start
    FROM unnest(${slots.slice(0, -1)}::timestamptz[], ${slots.slice(1)}::timestamptz[]) AS s (slot, following)
    ORDER BY slot`.execute(db);
  const starts = rows.map(({ start }) => start);
  // A start that is already planned is kept, even if a person has set it.
  if (isPlanned(bot) && starts.length > 0) starts[0] = bot.next_execution_at!;
  return starts;
}

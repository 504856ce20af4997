import { sql } from 'kysely';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { BadScheduleError, nextSlot } from '../../schedule/cron.ts';
import { scheduleOf, UnreadableScheduleError } from './schedule.ts';

/** A slot of a bot's schedule, and when its run starts: that plus the bot's jitter, if it has one. */
export interface NextRun {
  slot: Date;
  start: Date;
}

/** A bot's next slot and start, or why there is none. */
export interface FirstRun {
  bot: BotRow;
  slot: Date | null;
  start: Date | null;
  error?: string;
}

/** Active bots, those whose slot comes first at the top. */
export const activeBots = (db: Db, { limit }: { limit: number }): Promise<BotRow[]> =>
  db
    .selectFrom('bots')
    .selectAll()
    .where('status', '=', 'active')
    .orderBy('next_slot_at')
    .orderBy('name')
    .limit(limit)
    .execute();

/** The next run of each, in the order in which they start. */
export async function firstRuns(db: Db, bots: BotRow[], now: Date): Promise<FirstRun[]> {
  return (await Promise.all(bots.map((bot) => firstOf(db, bot, now)))).toSorted(
    (a, b) => (a.start?.getTime() ?? Infinity) - (b.start?.getTime() ?? Infinity),
  );
}

/** The next `count` runs of a bot; fewer where its schedule ends. Throws UnreadableScheduleError. */
export async function nextRuns(db: Db, bot: BotRow, now: Date, count: number): Promise<NextRun[]> {
  const slots = slotsFrom(bot, now, count);
  const starts = await startsOf(db, bot, slots);
  return starts.map((start, index) => ({ slot: slots[index]!, start }));
}

async function firstOf(db: Db, bot: BotRow, now: Date): Promise<FirstRun> {
  try {
    const slots = slotsFrom(bot, now, 1);
    const [start] = await startsOf(db, bot, slots);
    return { bot, slot: slots[0] ?? null, start: start ?? null };
  } catch (error) {
    if (!(error instanceof UnreadableScheduleError)) throw error;
    return { bot, slot: null, start: null, error: error.why };
  }
}

/** The next `count` slots and one more, which ends the last one's interval; fewer where the schedule ends. */
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

/** When the run of each slot but the last starts: by the function that the claim asks. */
async function startsOf(db: Db, bot: BotRow, slots: Date[]): Promise<Date[]> {
  const { rows } = await sql<{ start: Date }>`
    SELECT slot + make_interval(secs => engine.jitter_ms(${bot.id}::uuid, slot, ${bot.jitter_seconds}::int,
             (extract(epoch FROM following - slot) * 1000)::bigint) / 1000.0) AS start
    FROM unnest(${slots.slice(0, -1)}::timestamptz[], ${slots.slice(1)}::timestamptz[]) AS s (slot, following)
    ORDER BY slot`.execute(db);
  const starts = rows.map(({ start }) => start);
  // What is planned is planned, also by a person's hand.
  if (isPlanned(bot) && starts.length > 0) starts[0] = bot.next_execution_at!;
  return starts;
}

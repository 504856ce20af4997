import { sql } from 'kysely';
import { currentTime } from '../../data/bots/engine.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { BadScheduleError, nextSlot, type Schedule } from '../../schedule/cron.ts';
import { printable } from '../../ground/text.ts';
import { scheduleInWords, scheduleOf, UnreadableScheduleError } from './schedule.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, paint, relative, say, time, upTo } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { botOf } from '../../services/references/named.ts';

interface NextOptions {
  count: number;
  limit: number;
  json?: true;
}

/** The weekday and the time in a zone: `Mon 2026-11-23 09:00:00`. */
export function inZone(at: Date, zone: string): string {
  const day = at.toLocaleDateString('en-GB', { timeZone: zone, weekday: 'short' });
  return `${day} ${at.toLocaleString('sv-SE', { timeZone: zone })}`;
}

/** Slots come from the schedule; when the run starts is that plus the bot's jitter, if it has one. */
export const nextRuns = (given: string | undefined, options: NextOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const now = await currentTime(db);
    if (given !== undefined) return nextOf(db, await botOf(db, given), now, options);
    const bots = upTo(
      await db
        .selectFrom('bots')
        .selectAll()
        .where('status', '=', 'active')
        .orderBy('next_slot_at')
        .orderBy('name')
        .limit(options.limit + 1)
        .execute(),
      options.limit,
    );
    const next = (await Promise.all(bots.map((bot) => firstOf(db, bot, now)))).toSorted(
      (a, b) => (a.start?.getTime() ?? Infinity) - (b.start?.getTime() ?? Infinity),
    );
    if (options.json)
      return json(
        next.map(({ bot, slot, start }) => ({
          name: bot.name,
          scheduled_for: slot,
          next_execution_at: start,
        })),
      );
    const rows = next.map(async ({ bot, start, error }) => [
      printable(bot.name),
      time(start),
      away(start, now),
      error ? paint('red', printable(error)) : await scheduleInWords(bot),
    ]);
    table(['Bot', 'Next (UTC)', '', 'Schedule'], await Promise.all(rows), 'No active bots.');
  });

/** A bot's next slot and start, or why there is none. */
async function firstOf(db: Db, bot: BotRow, now: Date) {
  try {
    const slots = slotsFrom(scheduleOf(bot), bot, now, 1);
    const [start] = await startsOf(db, bot, slots);
    return { bot, slot: slots[0] ?? null, start: start ?? null };
  } catch (error) {
    if (!(error instanceof UnreadableScheduleError)) throw error;
    return { bot, slot: null, start: null, error: error.why };
  }
}

async function nextOf(
  db: Db,
  bot: BotRow,
  now: Date,
  { count, ...options }: NextOptions,
): Promise<void> {
  const schedule = scheduleOf(bot);
  const slots = slotsFrom(schedule, bot, now, count);
  const starts = await startsOf(db, bot, slots);
  const shown = starts.map((start, index) => ({ slot: slots[index]!, start }));
  if (options.json)
    return json(
      shown.map(({ slot, start }) => ({
        name: bot.name,
        scheduled_for: slot,
        next_execution_at: start,
      })),
    );
  say(`${paint('bold', printable(bot.name))}: ${await scheduleInWords(bot)}`);
  const zoned = schedule.zone === 'UTC' ? [] : [schedule.zone];
  const isSpread = bot.jitter_seconds > 0;
  table(
    ['UTC', ...zoned, ...(isSpread ? ['Starts (UTC)'] : []), ''],
    shown.map(({ slot, start }) => [
      inZone(slot, 'UTC'),
      ...zoned.map((zone) => inZone(slot, zone)),
      ...(isSpread ? [inZone(start, 'UTC')] : []),
      away(start, now),
    ]),
    'It never runs again.',
  );
  if (shown.length < count && shown.length > 0) note('none after that');
  if (bot.status !== 'active') note(`none of them while it is ${bot.status}`);
  if (isSpread)
    note(
      `each start is spread over ${bot.jitter_seconds} s (jitter), and over less than half the time to the next slot`,
    );
}

/** A slot whose time has come and that nobody has claimed yet is still the next one. */
const away = (start: Date | null, now: Date): string =>
  start && start <= now ? paint('yellow', `due ${relative(start, now)}`) : relative(start, now);

/** The next `count` slots and one more, which ends the last one's interval; fewer where the schedule ends. */
function slotsFrom(schedule: Schedule, bot: BotRow, now: Date, count: number): Date[] {
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
  // What is planned is planned, also by somebody's hand.
  if (isPlanned(bot) && starts.length > 0) starts[0] = bot.next_execution_at!;
  return starts;
}

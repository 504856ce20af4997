import { currentTime } from '../data/bots/engine.ts';
import type { BotRow } from '../data/bots/bots.ts';
import { nextSlot, type Schedule } from '../schedule/cron.ts';
import { printable } from '../text.ts';
import { scheduleInWords, scheduleOf, UnreadableScheduleError } from './bots-schedule.ts';
import { withDatabase } from './database.ts';
import { json, note, paint, relative, say, time, upTo } from './print.ts';
import { table } from './table.ts';
import { botOf } from './references.ts';

interface NextOptions {
  count: number;
  limit: number;
  json?: true;
}

/** The weekday and the time in a zone: `Mon 2026-11-23 09:00:00`. */
function inZone(at: Date, zone: string): string {
  const day = at.toLocaleDateString('en-GB', { timeZone: zone, weekday: 'short' });
  return `${day} ${at.toLocaleString('sv-SE', { timeZone: zone })}`;
}

/** Slots come from the schedule; when the run starts is that plus the bot's jitter, if it has one. */
export const nextRuns = (given: string | undefined, options: NextOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const now = await currentTime(db);
    if (given !== undefined) return nextOf(await botOf(db, given), now, options);
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
    const next = bots
      .map((bot) => ({ bot, ...nextOrError(bot, now) }))
      .toSorted((a, b) => (a.slot?.getTime() ?? Infinity) - (b.slot?.getTime() ?? Infinity));
    if (options.json)
      return json(next.map(({ bot, slot }) => ({ name: bot.name, scheduled_for: slot })));
    const rows = next.map(async ({ bot, slot, error }) => [
      printable(bot.name),
      slot ? time(slot) : '-',
      relative(slot, now),
      error ? paint('red', printable(error)) : await scheduleInWords(bot),
    ]);
    table(['Bot', 'Next (UTC)', '', 'Schedule'], await Promise.all(rows), 'No active bots.');
  });

function nextOrError(bot: BotRow, now: Date): { slot: Date | null; error?: string } {
  try {
    return { slot: nextSlot(scheduleOf(bot), now) };
  } catch (error) {
    if (error instanceof UnreadableScheduleError) return { slot: null, error: error.why };
    throw error;
  }
}

async function nextOf(bot: BotRow, now: Date, { count, ...options }: NextOptions): Promise<void> {
  const schedule = scheduleOf(bot);
  const slots = slotsFrom(schedule, now, count);
  if (options.json) return json(slots.map((slot) => ({ name: bot.name, scheduled_for: slot })));
  say(`${paint('bold', printable(bot.name))}: ${await scheduleInWords(bot)}`);
  const zoned = schedule.zone === 'UTC' ? [] : [schedule.zone];
  table(
    ['UTC', ...zoned, ''],
    slots.map((slot) => [
      inZone(slot, 'UTC'),
      ...zoned.map((zone) => inZone(slot, zone)),
      relative(slot, now),
    ]),
    '',
  );
  if (bot.status !== 'active') note(`none of them while it is ${bot.status}`);
  if (bot.jitter_seconds > 0) note(`each starts up to ${bot.jitter_seconds} s later (jitter)`);
}

function slotsFrom(schedule: Schedule, after: Date, count: number): Date[] {
  const slots: Date[] = [];
  while (slots.length < count) slots.push(nextSlot(schedule, slots.at(-1) ?? after));
  return slots;
}

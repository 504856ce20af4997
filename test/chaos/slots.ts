/** Counts the slots that had to come, without help from the engine, and finds out what became of them. */
import type { PostgresServer } from './postgres-server.ts';

export interface FirstSlot {
  bot: string;
  name: string;
  /** the first slot of the bot, in milliseconds */
  first: number;
}

export interface Span extends FirstSlot {
  /** the time up to which every slot is owed, in milliseconds */
  until: number;
}

export interface SlotRow {
  bot: string;
  slot: number;
  /** for a row that stands for several missed slots: how many they are; null for one slot */
  count: number | null;
  /** for such a row: the last of these slots */
  last: number | null;
}

const minute = 60_000;

/** The bots that are due every minute, with their first slot; `open` is 1 while a bot is not planned yet. */
export const firstSlots = ({ ask }: PostgresServer) =>
  ask<FirstSlot & { open: number }>(
    `SELECT id AS bot, name, extract(epoch FROM date_trunc('minute', planned_from) + interval '1 minute')::float8 * 1000 AS first,
            (next_slot_at IS NULL)::int AS open
     FROM bots WHERE schedule_cron = '* * * * *' AND status = 'active'`,
  );

export const slotRows = ({ ask }: PostgresServer) =>
  ask<SlotRow>(
    `SELECT bot_id AS bot, extract(epoch FROM scheduled_for)::float8 * 1000 AS slot,
            CASE WHEN reason = 'missed' THEN (metadata ->> 'count')::int END AS count,
            CASE WHEN reason = 'missed'
              THEN extract(epoch FROM coalesce(metadata ->> 'last', metadata ->> 'until')::timestamptz)::float8 * 1000 END AS last
     FROM bot_executions WHERE scheduled_for IS NOT NULL`,
  );

export interface SlotCount {
  expected: number;
  lost: string[];
  doubled: string[];
}

/** Checks that every slot is there exactly once: as a row of its own, or in a row for several missed slots. */
export function countSlots(spans: Span[], rows: SlotRow[]): SlotCount {
  const covered = new Map<string, number[]>();
  const wrongCounts: string[] = [];
  for (const { bot, slot, count, last } of rows) {
    const slots = covered.get(bot) ?? [];
    covered.set(bot, slots);
    const end = last === null ? slot : Math.floor(last / minute) * minute;
    const before = slots.length;
    for (let at = slot; at <= end; at += minute) slots.push(at);
    if (count !== null && slots.length - before !== count)
      wrongCounts.push(
        `${bot} ${new Date(slot).toISOString()}: a row for ${slots.length - before} missed slots says ${count}`,
      );
  }
  const lost: string[] = [];
  const doubled: string[] = [...wrongCounts];
  let expected = 0;
  for (const { bot, name, first, until } of spans) {
    const timesOf = new Map<number, number>();
    for (const slot of covered.get(bot) ?? []) timesOf.set(slot, (timesOf.get(slot) ?? 0) + 1);
    for (let slot = first; slot <= until; slot += minute) {
      expected += 1;
      if (!timesOf.has(slot)) lost.push(`${name} ${new Date(slot).toISOString()}`);
    }
    for (const [slot, times] of timesOf) {
      if (times > 1) doubled.push(`${name} ${new Date(slot).toISOString()}: ${times} times`);
      if (slot < first || slot > until || slot % minute !== 0)
        doubled.push(`${name} ${new Date(slot).toISOString()}: there is no such slot`);
    }
  }
  return { expected, lost, doubled };
}

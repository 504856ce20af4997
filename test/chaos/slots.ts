/** Which slots had to come, counted without the engine's help, and what became of them. */
import type { PostgresServer } from './postgres-server.ts';

export interface Span {
  bot: string;
  name: string;
  /** the first slot that the bot was given, and when it stopped being active; milliseconds */
  first: number;
  until: number;
}

export interface SlotRow {
  bot: string;
  slot: number;
  /** of a stretch that catch-up passed over: its slots, and its last one */
  count: number | null;
  last: number | null;
}

const minute = 60_000;

/** The bots that are due every minute, once each of them is planned: from when they were added, not from then. */
export const firstSlots = ({ ask }: PostgresServer) =>
  ask<{ bot: string; name: string; first: number; open: number }>(
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

/** Every slot exactly once: by a row of its own, or inside one stretch that was passed over. */
export function countSlots(spans: Span[], rows: SlotRow[]): SlotCount {
  const covered = new Map<string, number[]>();
  const odd: string[] = [];
  for (const { bot, slot, count, last } of rows) {
    const slots = covered.get(bot) ?? [];
    covered.set(bot, slots);
    const end = last === null ? slot : Math.floor(last / minute) * minute;
    const before = slots.length;
    for (let at = slot; at <= end; at += minute) slots.push(at);
    if (count !== null && slots.length - before !== count)
      odd.push(
        `${bot} ${new Date(slot).toISOString()}: a stretch of ${slots.length - before} slots says ${count}`,
      );
  }
  const lost: string[] = [];
  const doubled: string[] = [...odd];
  let expected = 0;
  for (const { bot, name, first, until } of spans) {
    const seen = new Map<number, number>();
    for (const slot of covered.get(bot) ?? []) seen.set(slot, (seen.get(slot) ?? 0) + 1);
    for (let slot = first; slot <= until; slot += minute) {
      expected += 1;
      if (!seen.has(slot)) lost.push(`${name} ${new Date(slot).toISOString()}`);
    }
    for (const [slot, times] of seen) {
      if (times > 1) doubled.push(`${name} ${new Date(slot).toISOString()}: ${times} times`);
      if (slot < first || slot > until || slot % minute !== 0)
        doubled.push(`${name} ${new Date(slot).toISOString()}: nobody asked for it`);
    }
  }
  return { expected, lost, doubled };
}

/** Bots and their slots, planted as the engine would have left them, and the report of a period that a test names. */
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';
import type { Report, ReportedBot } from '../../src/report/report.ts';
import { makeReport } from '../../src/services/report/make.ts';

/** The report of [from, to), beside seven periods before it of the same length. */
export const reportOf = (db: Db, from: string, to: string): Promise<Report> => {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  return makeReport(
    db,
    Array.from({ length: 9 }, (_, at) => new Date(start + (at - 7) * (end - start))),
  );
};

interface Planted {
  name?: string;
  cron: string;
  zone?: string;
  /** when it was added; a year ago unless given */
  since?: string;
  /** the slot that no scheduler has claimed yet */
  next?: string | null;
}

/** An active bot that has been planned since it was added. */
export async function plantBot(
  db: Db,
  { name = 'watch', cron, zone = 'UTC', since = '2025-01-01T00:00:00Z', next }: Planted,
): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    INSERT INTO bots (name, display_name, schedule_cron, timezone, api_endpoint, created_at, planned_from, next_slot_at,
                      next_execution_at, checked_version)
    VALUES (${name}, ${name}, ${cron}, ${zone}, 'bot:watch', ${since}, ${since}, ${next ?? null}, ${next ?? null}, 1)
    RETURNING id`.execute(db);
  return rows[0]!.id;
}

/** A row for each of these slots. */
export const plantSlots = (
  db: Db,
  bot: string,
  slots: readonly string[],
  {
    status = 'success',
    reason = null,
    metadata = null,
    cancel = null,
  }: {
    status?: string;
    reason?: string | null;
    metadata?: object | null;
    cancel?: string | null;
  } = {},
) =>
  sql`
    INSERT INTO bot_executions (bot_id, status, trigger, started_at, completed_at, scheduled_for, queued_at, generation,
                                reason, metadata, cancel_reason)
    SELECT ${bot}::uuid, ${status}, 'schedule', slot,
           CASE WHEN ${status} <> 'queued' THEN slot + interval '1 second' END, slot, slot, 1,
           ${reason}, ${metadata === null ? null : JSON.stringify(metadata)}::jsonb, ${cancel}
    FROM unnest(${slots}::timestamptz[]) AS slot`.execute(db);

/** From the first to the last, both included. */
export function every(minutes: number, first: string, last: string): string[] {
  const slots: string[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += minutes * 60_000)
    slots.push(new Date(at).toISOString());
  return slots;
}

export const botOf = ({ bots }: Report, name = 'watch'): ReportedBot =>
  bots.find((bot) => bot.name === name)!;

/** As `slots` of a bot with only what there is some of. */
export const some = (slots: object): object =>
  Object.fromEntries(
    Object.entries(slots).filter(
      ([, value]) =>
        value !== 0 && !(typeof value === 'object' && Object.keys(value as object).length === 0),
    ),
  );

/**
 * Stores the report of a morning, and queues a message with it for each of these channels.
 *
 * From: no report that was due then, and none of that day of that zone.
 * To: the report, and one pending message for each channel. Reports that are older than {@link keptDays} are removed.
 * By: the job `send-report`.
 * Locks: the time at which it was due, and the day of the zone: if several processes do this at once, one of them stores its
 *   report; the others wait for it and store none.
 * Zero rows: there is such a report already, and messages were queued with it.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** A message is tried for 17 hours; a channel that was off for weeks still gets its newest reports. */
const keptDays = 30;

export interface NewReport {
  /** `2026-11-29`, by the clock of the zone of the settings */
  day: string;
  timezone: string;
  dueAt: Date;
  report: object;
  /** the channels that get it; `route` is the route that says so, as people read it */
  choices: readonly { channel: string; route: string }[];
}

/** How many messages were queued; null if there is such a report already. */
export async function queueReport(
  trx: Transaction<Database>,
  { day, timezone, dueAt, report, choices }: NewReport,
): Promise<number | null> {
  const { rows: kept } = await sql`
    INSERT INTO engine.reports (day, timezone, report, due_at)
    VALUES (${day}::date, ${timezone}, ${JSON.stringify(report)}::jsonb, ${dueAt})
    ON CONFLICT DO NOTHING RETURNING day`.execute(trx);
  if (kept.length === 0) return null;
  await sql`DELETE FROM engine.reports WHERE due_at < ${dueAt}::timestamptz - make_interval(days => ${keptDays})`.execute(
    trx,
  );
  const { rows } = await sql`
    INSERT INTO bot_notifications (channel, kind, report_day, report_due_at, route, send_after, created_at)
    SELECT c.channel, 'report', ${day}::date, ${dueAt}::timestamptz, c.route, engine.now(), engine.now()
    FROM jsonb_to_recordset(${JSON.stringify(choices)}::jsonb) AS c (channel text, route text) ORDER BY c.channel
    ON CONFLICT (channel, report_due_at) WHERE report_due_at IS NOT NULL DO NOTHING RETURNING id`.execute(
    trx,
  );
  return rows.length;
}

/**
 * The sending of a message ends: the receiver has it, or not.
 *
 * From: pending; or superseded meanwhile, while it was being sent.
 * To: sent; pending again, with the time of the next try; or failed, when no try is left or none can help. One that was
 *   superseded meanwhile and not sent stays superseded. Where the receiver may have it all the same, it is counted as sent once
 *   before: the next sending is a repeat. What is there of it is remembered (`reference`, `payload.reached`).
 * By: the run of the job deliver that holds the channel.
 * Locks: the row; and for another try the messages about the same ticket behind it.
 * Zero rows: the message was ended by a person meanwhile.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

export const endSent = (
  trx: Transaction<Database>,
  id: string,
  { reference, note }: { reference: string | null; note: string | null },
) =>
  sql`
    UPDATE bot_notifications
    SET status = 'sent', sent_at = engine.now(), sending_since = NULL, error_message = NULL, reason = NULL,
        superseded_by = NULL, reference = ${reference}, note = ${note}
    WHERE id = ${id} AND status IN ('pending', 'superseded')`.execute(trx);

interface Unsent {
  why: string;
  /** null when it is not tried again */
  delayMs: number | null;
  /** why it is not tried again */
  reason: string | null;
  /** the receiver may have it */
  mayBeThere?: boolean;
  /** false: this try is none of those that end with the message given up */
  counts?: boolean;
  /** a part of it is there, or some recipients have it */
  partly?: { reference: string; recipients: readonly string[] } | undefined;
}

export async function endUnsent(
  trx: Transaction<Database>,
  id: string,
  { why, delayMs, reason, mayBeThere = false, counts = true, partly }: Unsent,
): Promise<void> {
  const reached = partly?.recipients.length ? JSON.stringify({ reached: partly.recipients }) : '{}';
  await sql`
    UPDATE bot_notifications
    SET reference = coalesce(${partly?.reference ?? null}, reference), payload = payload || ${reached}::jsonb,
        sending_since = NULL, error_message = ${why}, repeats = repeats + ${mayBeThere}::boolean::int,
        tries = CASE WHEN ${counts} THEN tries ELSE greatest(1, tries - 1) END,
        status = CASE WHEN status = 'pending' AND ${delayMs}::float8 IS NULL THEN 'failed' ELSE status END,
        reason = CASE WHEN status = 'pending' THEN ${reason}::text ELSE reason END,
        send_after = CASE WHEN status = 'pending' AND ${delayMs}::float8 IS NOT NULL
                       THEN engine.now() + make_interval(secs => ${delayMs}::float8 / 1000) ELSE send_after END
    WHERE id = ${id} AND status IN ('pending', 'superseded')`.execute(trx);
  if (delayMs === null) return;
  // What stands behind it goes with it: else it would be due, and could not be sent.
  await sql`
    UPDATE bot_notifications later SET send_after = greatest(later.send_after, first.send_after)
    FROM bot_notifications first
    WHERE first.id = ${id} AND first.status = 'pending' AND later.ticket_id = first.ticket_id
      AND later.channel = first.channel AND later.status = 'pending' AND later.position > first.position
      AND (first.payload -> 'reached') IS NULL`.execute(trx);
}

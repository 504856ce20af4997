/**
 * The sending of a message ends: the receiver has the message, or does not have it.
 *
 * From: pending; or superseded, if a newer message took its place while it was being sent.
 * To: sent; pending again, with the time of the next try; or failed, when no try is left or no try can help. A superseded
 *   message that was not sent stays superseded. If the receiver may have the message although the sending failed, the next
 *   sending counts as a repeat. The part of the message that the receiver has is remembered (`reference`), the recipients who
 *   have it (`payload.reached`), and in which order the receiver got the messages (`sent_order`).
 * By: the run of the job `deliver` that holds the channel.
 * Locks: the row; and, when the message is tried again, later messages about the same ticket on the same channel.
 * Zero rows: a person has ended the message meanwhile.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/**
 * The message's place after all messages about the ticket that the receiver got through the channel. No other run writes one at the
 * same time, because only one run sends through a channel.
 */
const nextOrder = sql`(
  SELECT coalesce(max(b.sent_order), 0) + 1 FROM bot_notifications b
  WHERE b.ticket_id = bot_notifications.ticket_id AND b.channel = bot_notifications.channel)`;

/**
 * The receiver has the message. `reference`: what the receiver calls it; `note`: for people, which part of it did not arrive, or
 * null.
 */
export const endSent = (
  trx: Transaction<Database>,
  id: string,
  { reference, note }: { reference: string | null; note: string | null },
) =>
  sql`
    UPDATE bot_notifications
    SET status = 'sent', sent_at = engine.now(), sending_since = NULL, error_message = NULL, reason = NULL,
        superseded_by = NULL, reference = ${reference}, note = ${note}, sent_order = ${nextOrder}
    WHERE id = ${id} AND status IN ('pending', 'superseded')`.execute(trx);

/** How a sending failed. */
interface FailedSending {
  /** what the receiver or the connection said, for people */
  error: string;
  /** time until the next try; null when there is none */
  delayMs: number | null;
  /** why there is no next try; null when there is one */
  reason: string | null;
  /** the receiver may have the message all the same */
  mayHaveArrived?: boolean;
  /** false: this try does not count towards the number of tries after which the message fails */
  usesUpTry?: boolean;
  /** the part of the message that the receiver has, and the recipients who have it */
  partly?: { reference: string; recipients: readonly string[] } | undefined;
}

export async function endUnsent(
  trx: Transaction<Database>,
  id: string,
  { error, delayMs, reason, mayHaveArrived = false, usesUpTry = true, partly }: FailedSending,
): Promise<void> {
  const reached = partly?.recipients.length ? JSON.stringify({ reached: partly.recipients }) : '{}';
  await sql`
    UPDATE bot_notifications
    SET reference = coalesce(${partly?.reference ?? null}, reference),
        sent_order = CASE WHEN ${partly !== undefined}::boolean THEN ${nextOrder} ELSE sent_order END, payload = payload || ${reached}::jsonb,
        sending_since = NULL, error_message = ${error}, repeats = repeats + ${mayHaveArrived}::boolean::int,
        -- begin.ts has counted this try. The number stays at least 1, because 0 says that the message was never tried.
        tries = CASE WHEN ${usesUpTry} THEN tries ELSE greatest(1, tries - 1) END,
        status = CASE WHEN status = 'pending' AND ${delayMs}::float8 IS NULL THEN 'failed' ELSE status END,
        reason = CASE WHEN status = 'pending' THEN ${reason}::text ELSE reason END,
        send_after = CASE WHEN status = 'pending' AND ${delayMs}::float8 IS NOT NULL
                       THEN engine.now() + make_interval(secs => ${delayMs}::float8 / 1000) ELSE send_after END
    WHERE id = ${id} AND status IN ('pending', 'superseded')`.execute(trx);
  if (delayMs === null) return;
  // Later messages about the ticket wait for this one (begin.ts), so they are not due before it either. They do not wait, and
  // keep their time, when some recipients already have this one.
  await sql`
    UPDATE bot_notifications later SET send_after = greatest(later.send_after, first.send_after)
    FROM bot_notifications first
    WHERE first.id = ${id} AND first.status = 'pending' AND later.ticket_id = first.ticket_id
      AND later.channel = first.channel AND later.status = 'pending' AND later.position > first.position
      AND (first.payload -> 'reached') IS NULL`.execute(trx);
}

/**
 * The sending of a message begins. This is written before the message is sent: if the process ends before the end of the
 * sending is recorded, the next sending counts as a repeat and tells the receiver so.
 *
 * From: pending and due, without an earlier unsent message about the same ticket on this channel. Two earlier messages do not
 *   count: one that some recipients already have, because one recipient who refuses mail for now must not keep later messages
 *   from the others; and one that maintenance holds back, because comments are told all the same.
 * To: pending with `sending_since`, one attempt more, and one repeat more where an earlier sending has no recorded end.
 * By: the run of the job `deliver` that holds the channel.
 * Locks: the row.
 * Zero rows: nothing is due on the channel.
 */
import { sql, type Transaction } from 'kysely';
import { isDue } from '../../data/notify/channels.ts';
import type { Database } from '../../database/connect.ts';
import { dropNeedless, isNeedless } from './gather.ts';
import { heldBackReason } from './hold-back.ts';

export interface BegunMessage {
  id: string;
  ticket_id: string | null;
  kind: 'ticket' | 'comment' | 'group' | 'report';
  /** due_at of its row of engine.reports; null where it is not a report */
  report_due_at: Date | null;
  events: string[];
  attempts: number;
  tries: number;
  repeats: number;
  /** what the receiver calls the part of it that an earlier try delivered; null where there is none */
  reference: string | null;
  /** recipients who have it from an earlier try */
  reached: string[];
  /** time since it was made, in ms; below 0 where the clock was set back */
  age_ms: number;
}

/** Begins with the message that is due first; null when nothing is due. Drops messages that need not be sent any more. */
export async function beginSending(
  trx: Transaction<Database>,
  channel: string,
): Promise<BegunMessage | null> {
  for (;;) {
    const { rows } = await sql<{ id: string; needless: boolean }>`
      SELECT n.id, coalesce(${isNeedless(channel)}, false) AS needless
      FROM bot_notifications n LEFT JOIN bot_tickets t ON t.id = n.ticket_id
      WHERE n.channel = ${channel} AND n.status = 'pending' AND NOT n.gathers AND ${isDue}
        AND NOT EXISTS (SELECT FROM bot_notifications b
                        WHERE b.ticket_id = n.ticket_id AND b.channel = n.channel AND b.status = 'pending'
                          AND b.position < n.position AND (b.payload -> 'reached') IS NULL
                          AND b.reason IS DISTINCT FROM ${heldBackReason})
      -- Messages that were not tried yet go first: they do not wait while others are tried again and time out.
      ORDER BY n.tries > 0, n.send_after, n.position LIMIT 1 FOR NO KEY UPDATE OF n`.execute(trx);
    const next = rows[0];
    if (!next) return null;
    if (next.needless) await dropNeedless(trx, [next.id]);
    else return begin(trx, next.id);
  }
}

async function begin(trx: Transaction<Database>, id: string): Promise<BegunMessage> {
  const { rows } = await sql<BegunMessage>`
    UPDATE bot_notifications
    SET attempts = attempts + 1, tries = tries + 1, repeats = repeats + (sending_since IS NOT NULL)::int,
        sending_since = engine.now()
    WHERE id = ${id}
    RETURNING id, ticket_id, kind, report_due_at, events, attempts, tries, repeats, reference,
              coalesce(payload -> 'reached', '[]') AS reached,
              (extract(epoch FROM engine.now() - created_at) * 1000)::float8 AS age_ms`.execute(
    trx,
  );
  return rows[0]!;
}

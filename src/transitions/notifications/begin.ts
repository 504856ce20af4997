/**
 * The sending of a message begins. That is written before it is sent: when its end is never recorded, because the process
 * ends, the next sending of it is a repeat that says so.
 *
 * From: pending and due, with no unsent message about its ticket before it, other than one that some recipients have: who
 *   refuses his mail for now must not keep it from the others.
 * To: pending with `sending_since`, one attempt more, and one repeat more where an earlier sending has no recorded end.
 * By: the run of the job deliver that holds the channel.
 * Locks: the row.
 * Zero rows: nothing is due on the channel.
 */
import { sql, type Transaction } from 'kysely';
import { isDue } from '../../data/notify/channels.ts';
import type { Database } from '../../database/connect.ts';
import { drop, needless } from './gather.ts';

export interface Begun {
  id: string;
  ticket_id: string | null;
  kind: 'ticket' | 'comment' | 'group';
  events: string[];
  attempts: number;
  tries: number;
  repeats: number;
  /** of the part of it that is there after an earlier try; null where none is */
  reference: string | null;
  /** recipients who have it after an earlier try */
  reached: string[];
  /** since it was made, in ms; below 0 where the clock was set back */
  age_ms: number;
}

export async function beginSending(
  trx: Transaction<Database>,
  channel: string,
): Promise<Begun | null> {
  for (;;) {
    const { rows } = await sql<{ id: string; needless: boolean }>`
      SELECT n.id, coalesce(${needless(channel)}, false) AS needless
      FROM bot_notifications n LEFT JOIN bot_tickets t ON t.id = n.ticket_id
      WHERE n.channel = ${channel} AND n.status = 'pending' AND NOT n.gathers AND ${isDue}
        AND NOT EXISTS (SELECT FROM bot_notifications b
                        WHERE b.ticket_id = n.ticket_id AND b.channel = n.channel AND b.status = 'pending'
                          AND b.position < n.position AND (b.payload -> 'reached') IS NULL)
      -- What was not tried yet goes first: it does not wait for the deadlines of what fails again.
      ORDER BY n.tries > 0, n.send_after, n.position LIMIT 1 FOR NO KEY UPDATE OF n`.execute(trx);
    const next = rows[0];
    if (!next) return null;
    if (next.needless) await drop(trx, [next.id]);
    else return begin(trx, next.id);
  }
}

async function begin(trx: Transaction<Database>, id: string): Promise<Begun> {
  const { rows } = await sql<Begun>`
    UPDATE bot_notifications
    SET attempts = attempts + 1, tries = tries + 1, repeats = repeats + (sending_since IS NOT NULL)::int,
        sending_since = engine.now()
    WHERE id = ${id}
    RETURNING id, ticket_id, kind, events, attempts, tries, repeats, reference,
              coalesce(payload -> 'reached', '[]') AS reached,
              (extract(epoch FROM engine.now() - created_at) * 1000)::float8 AS age_ms`.execute(
    trx,
  );
  return rows[0]!;
}

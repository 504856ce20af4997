/**
 * Makes messages of events of tickets. A new message about a ticket takes the place of older unsent ones about it on the same
 * channel, and tells of their events too. Comments keep messages of their own, in their order.
 *
 * From: no row; of older messages about the same ticket through the same channel: pending.
 * To: pending; the older ones superseded, unless they are comments.
 * By: the job `route-events`, in the transaction that marks the events.
 * Locks: pending rows of bot_notifications of these tickets and channels, by id.
 * Zero rows: only of older messages: none was pending.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

export interface NewMessage {
  id: string;
  ticket_id: string;
  channel: string;
  kind: 'ticket' | 'comment';
  /** ids of rows of `bot_ticket_events` */
  events: string[];
  /** the route by which the channel was chosen, as people read it */
  route: string;
  /** the ticket is new, or open again */
  opens: boolean;
  /** it waits until `send_after` to be sent together with others */
  gathers: boolean;
  send_after: Date;
}

/** At most one of kind `ticket` for each ticket and channel. */
export async function queueMessages(
  trx: Transaction<Database>,
  messages: readonly NewMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  const made = sql`jsonb_to_recordset(${JSON.stringify(messages)}::jsonb) AS m (
    id uuid, ticket_id uuid, channel text, kind text, events bigint[], route text, opens boolean, gathers boolean,
    send_after timestamptz)`;
  await sql`
    INSERT INTO bot_notifications (id, ticket_id, channel, kind, events, route, opens, gathers, send_after, created_at)
    SELECT m.id, m.ticket_id, m.channel, m.kind, m.events, m.route, m.opens, m.gathers, m.send_after, engine.now()
    FROM ${made} ORDER BY m.events[1]`.execute(trx);
  await supersedeOlder(trx, made);
  await bringForward(trx, made);
}

/**
 * All messages about the ticket of a new message `m` on the same channel, looked up for each new message. The planner does not
 * know how many of them are pending (mostly none), and in a storm it would compare all messages with each other. OFFSET keeps
 * the planner from using conditions on the status here.
 */
const ofSameTicket = sql`LATERAL (
        SELECT * FROM bot_notifications b WHERE b.ticket_id = m.ticket_id AND b.channel = m.channel OFFSET 0)`;

/** The row `m.id`, locked; it is looked up by its key for the same reason. */
const lockedRow = sql`LATERAL (SELECT * FROM bot_notifications b WHERE b.id = m.id OFFSET 0 FOR NO KEY UPDATE)`;

/**
 * The new message tells of the events of older unsent ones. It is due when the older one was due, unless a try of the older one has
 * failed.
 */
const supersedeOlder = (trx: Transaction<Database>, made: ReturnType<typeof sql>) =>
  sql`
    WITH older AS MATERIALIZED (
      SELECT n.id, m.by, n.events, n.opens, n.send_after, n.gathers, n.tries
      FROM (SELECT n.id, m.id AS by FROM ${made}, ${ofSameTicket} n
            WHERE n.status = 'pending' AND n.kind = 'ticket' AND m.kind = 'ticket' AND n.id <> m.id ORDER BY n.id) m,
           ${lockedRow} n
      WHERE n.status = 'pending'
    ), superseded AS (
      UPDATE bot_notifications n
      SET status = 'superseded', superseded_by = older.by, gathers = false,
          reason = 'a newer message tells the newest state of the ticket'
      FROM older WHERE n.id = older.id
    ), joined AS (
      SELECT by, bool_or(opens) AS opens, bool_and(gathers) FILTER (WHERE tries = 0) AS gathers,
             min(send_after) FILTER (WHERE tries = 0) AS send_after,
             array_agg(DISTINCT event) AS events
      FROM older, unnest(events) AS event GROUP BY by
    )
    UPDATE bot_notifications n
    SET events = (SELECT array_agg(DISTINCT e ORDER BY e) FROM unnest(n.events || joined.events) AS e),
        opens = n.opens OR joined.opens, gathers = n.gathers AND coalesce(joined.gathers, true),
        send_after = least(n.send_after, joined.send_after)
    FROM joined WHERE n.id = joined.by`.execute(trx);

/**
 * Messages about one ticket are sent in their order. So that a new message does not wait for the long delays between the retries of
 * an earlier unsent one, the earlier one is due no later than the new one, and its retries begin anew. A message that waits for
 * others waits no longer if a comment comes after it, because comments are sent at once.
 */
const bringForward = (trx: Transaction<Database>, made: ReturnType<typeof sql>) =>
  sql`
    WITH free AS MATERIALIZED (
      SELECT n.id, m.send_after
      FROM (SELECT n.id, own.send_after FROM ${made} JOIN bot_notifications own ON own.id = m.id, ${ofSameTicket} n
            WHERE n.status = 'pending' AND (NOT n.gathers OR m.kind = 'comment') AND n.position < own.position ORDER BY n.id) m,
           ${lockedRow} n
      WHERE n.status = 'pending'
    )
    UPDATE bot_notifications n SET send_after = least(n.send_after, free.send_after), tries = 0, gathers = false
    FROM free WHERE n.id = free.id`.execute(trx);

/**
 * What waited on a channel to be told together is due: up to three messages are sent one by one, more become one message
 * about all of them. What was tried in vain counts too, so that a receiver that was gone for hours gets one message.
 *
 * From: pending, about one ticket, due, and either waiting for others or tried before.
 * To: pending and waiting for no others; or superseded by one new pending message of the kind `group`, together with
 *   older unsent groups of the channel; or superseded, where nothing has to be told any more.
 * By: the run of the job deliver that holds the channel.
 * Locks: these rows of bot_notifications, by id.
 * Zero rows: nothing waits on the channel.
 */
import { sql, type Transaction } from 'kysely';
import { pending } from '../../data/bots/pending-tickets.ts';
import { isDue } from '../../data/notify/channels.ts';
import type { Database } from '../../database/connect.ts';
import { toldBefore } from '../../data/notify/told-before.ts';

/** So many messages are sent one by one. */
export const mostSingle = 3;

const isOver = sql`t.status <> ALL (${sql.lit(`{${pending.join(',')}}`)}::text[])`;

/**
 * A problem that is over before people were told of it is not told, unless it was critical or high: of such a one they
 * have to know that it was there.
 */
export const needless = (channel: string) => sql<boolean>`
  (n.kind = 'ticket' AND ${isOver} AND t.severity NOT IN ('critical', 'high') AND NOT ${toldBefore('t.id', channel)})`;

export async function gather(trx: Transaction<Database>, channel: string): Promise<void> {
  const { rows } = await sql<{ id: string; needless: boolean; isThere: boolean }>`
    SELECT n.id, n.reference IS NOT NULL AS "isThere", ${needless(channel)} AS needless
    FROM bot_notifications n JOIN bot_tickets t ON t.id = n.ticket_id
    WHERE n.channel = ${channel} AND n.status = 'pending' AND n.kind = 'ticket' AND n.sending_since IS NULL
      AND ${isDue} AND (n.gathers OR n.tries > 0)
    ORDER BY n.id FOR NO KEY UPDATE OF n`.execute(trx);
  if (rows.length === 0) return;
  await drop(
    trx,
    rows.filter((row) => row.needless).map(({ id }) => id),
  );
  const left = rows.filter((row) => !row.needless);
  // Of what is there in part only the rest is missing: it is told by itself.
  const loose = left.filter(({ isThere }) => !isThere).map(({ id }) => id);
  const isMany = loose.length > mostSingle;
  if (isMany) await group(trx, channel, loose);
  const single = isMany ? left.filter(({ isThere }) => isThere) : left;
  await sql`
    UPDATE bot_notifications SET gathers = false
    WHERE id = ANY (${single.map(({ id }) => id)}::uuid[])`.execute(trx);
}

/** What {@link needless} says of these. */
export const drop = (trx: Transaction<Database>, ids: string[]) =>
  sql`
    UPDATE bot_notifications SET status = 'superseded', gathers = false,
      reason = 'the ticket was over before it was told of'
    WHERE id = ANY (${ids}::uuid[])`.execute(trx);

async function group(
  trx: Transaction<Database>,
  channel: string,
  members: string[],
): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    INSERT INTO bot_notifications (channel, kind, route, opens, send_after, created_at)
    SELECT ${channel}, 'group', string_agg(DISTINCT n.route, ', '), bool_or(n.opens), engine.now(), engine.now()
    FROM bot_notifications n WHERE n.id = ANY (${members}::uuid[])
    RETURNING id`.execute(trx);
  const { id } = rows[0]!;
  await sql`
    WITH older AS MATERIALIZED (
      SELECT n.id FROM bot_notifications n
      WHERE n.channel = ${channel} AND n.kind = 'group' AND n.status = 'pending' AND n.sending_since IS NULL AND n.id <> ${id}
      ORDER BY n.id FOR NO KEY UPDATE
    ), of_older AS (
      UPDATE bot_notifications n SET superseded_by = ${id} FROM older WHERE n.superseded_by = older.id
    )
    UPDATE bot_notifications n
    SET status = 'superseded', superseded_by = ${id}, gathers = false, reason = 'one message tells of many tickets'
    WHERE n.id = ANY (${members}::uuid[]) OR n.id IN (SELECT id FROM older)`.execute(trx);
}

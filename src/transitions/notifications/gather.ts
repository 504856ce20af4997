/**
 * Messages that waited on a channel for others are due: up to three are sent one by one, more become one message about all
 * of them. Messages whose earlier tries failed count too, so that a receiver that was out of reach for hours gets one message.
 *
 * From: pending, about one ticket, due, and either waiting for others or tried before.
 * To: pending and waiting for no others; or superseded by one new pending message of the kind `group`, together with
 *   older unsent groups of the channel; or superseded, where nothing has to be told any more.
 * By: the run of the job `deliver` that holds the channel.
 * Locks: these rows of bot_notifications, by id.
 * Zero rows: nothing waits on the channel.
 */
import { sql, type Transaction } from 'kysely';
import { pending } from '../../data/bots/pending-tickets.ts';
import { isDue } from '../../data/notify/channels.ts';
import type { Database } from '../../database/connect.ts';
import { toldBefore } from '../../data/notify/told-before.ts';

/** How many messages are sent one by one at most. */
export const maxSingle = 3;

/** Whether a comment waits after the message: then the message is sent by itself, so that the comment comes after it. */
const isCommented = sql<boolean>`
  EXISTS (SELECT FROM bot_notifications b WHERE b.ticket_id = n.ticket_id AND b.channel = n.channel AND b.status = 'pending'
          AND b.kind = 'comment' AND b.position > n.position)`;

const isOver = sql`t.status <> ALL (${sql.lit(`{${pending.join(',')}}`)}::text[])`;

/**
 * Whether the message `n` about the ticket `t` need not be sent: the ticket has ended before people were told of it, and it was
 * neither critical nor high. People have to know of critical and high problems even when these are over.
 */
export const isNeedless = (channel: string) => sql<boolean>`
  (n.kind = 'ticket' AND ${isOver} AND t.severity NOT IN ('critical', 'high') AND NOT ${toldBefore('t.id', channel)})`;

export async function gather(trx: Transaction<Database>, channel: string): Promise<void> {
  const { rows } = await sql<{ id: string; needless: boolean; isAlone: boolean }>`
    SELECT n.id, (n.reference IS NOT NULL OR ${isCommented}) AS "isAlone", ${isNeedless(channel)} AS needless
    FROM bot_notifications n JOIN bot_tickets t ON t.id = n.ticket_id
    WHERE n.channel = ${channel} AND n.status = 'pending' AND n.kind = 'ticket' AND n.sending_since IS NULL
      AND ${isDue} AND (n.gathers OR n.tries > 0)
    ORDER BY n.id FOR NO KEY UPDATE OF n`.execute(trx);
  if (rows.length === 0) return;
  await dropNeedless(
    trx,
    rows.filter((row) => row.needless).map(({ id }) => id),
  );
  const needed = rows.filter((row) => !row.needless);
  // A message of which the receiver has a part stays by itself: only its rest has to be sent. So does one with a comment.
  const groupable = needed.filter(({ isAlone }) => !isAlone).map(({ id }) => id);
  const areMany = groupable.length > maxSingle;
  if (areMany) await group(trx, channel, groupable);
  const single = areMany ? needed.filter(({ isAlone }) => isAlone) : needed;
  await sql`
    UPDATE bot_notifications SET gathers = false
    WHERE id = ANY (${single.map(({ id }) => id)}::uuid[])`.execute(trx);
}

/** Supersedes messages that are {@link isNeedless}. */
export const dropNeedless = (trx: Transaction<Database>, ids: string[]) =>
  sql`
    UPDATE bot_notifications SET status = 'superseded', gathers = false,
      reason = 'the ticket was over before it was told of'
    WHERE id = ANY (${ids}::uuid[])`.execute(trx);

/** Makes one message of all these and of older unsent groups of the channel. */
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

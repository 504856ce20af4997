import type { Selectable } from 'kysely';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import type { BotNotifications } from '../../database/tables.ts';

export type NotificationRow = Selectable<BotNotifications>;

export const notificationStatuses = ['pending', 'sent', 'failed', 'superseded'] as const;

export interface ListFilter {
  channel?: string;
  status?: (typeof notificationStatuses)[number][];
  limit: number;
}

/** The channels that are off, by name: nothing is sent through them until a person switches them on. */
export const channelsOff = (db: Db) =>
  db
    .selectFrom('engine.channels')
    .selectAll()
    .where('off_since', 'is not', null)
    .orderBy('name')
    .execute();

/** Messages, the newest first, each with the number of its ticket; null for one about many. */
export async function listNotifications(db: Db, { channel, status, limit }: ListFilter) {
  const rows = await db
    .selectFrom('bot_notifications as n')
    .leftJoin('bot_tickets as t', 't.id', 'n.ticket_id')
    .selectAll('n')
    .select('t.number as ticket_number')
    .$if(channel !== undefined, (query) => query.where('n.channel', '=', channel!))
    .$if(status !== undefined, (query) => query.where('n.status', 'in', status!))
    .orderBy('n.position', 'desc')
    .limit(limit)
    .execute();
  return { notifications: rows, off: await channelsOff(db), now: await currentTime(db) };
}

import type { Selectable } from 'kysely';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { timeOf, type Since } from '../../database/rows/since.ts';
import type { BotNotifications, EngineChannels } from '../../database/tables.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { printable } from '../../ground/text.ts';
import { readNotifications } from '../../notify/settings/read.ts';

export type NotificationRow = Selectable<BotNotifications>;

export const notificationStatuses = ['pending', 'sent', 'failed', 'superseded'] as const;

export interface ListFilter {
  channel?: string | undefined;
  status?: (typeof notificationStatuses)[number][] | undefined;
  /** only messages made since that time, or in the last so many seconds */
  since?: Since | undefined;
  limit: number;
}

export type ChannelRow = Selectable<EngineChannels>;

/** The channels through which nothing passes now, by name: those that are off, and those that cannot be used. */
export const channelsNotPassing = (db: Db): Promise<ChannelRow[]> =>
  db
    .selectFrom('engine.channels')
    .selectAll()
    .where((eb) => eb.or([eb('off_since', 'is not', null), eb('unusable_since', 'is not', null)]))
    .orderBy('name')
    .execute();

/** The names of the channels that are off: nothing is sent through them until a person switches them on. */
export const offNamesIn = (channels: readonly ChannelRow[]): string[] =>
  channels.filter(({ off_since }) => off_since !== null).map(({ name }) => name);

/** Messages, the newest first, each with the number of its ticket; null for one about many. */
export async function listNotifications(db: Db, { channel, status, since, limit }: ListFilter) {
  const rows = await db
    .selectFrom('bot_notifications as n')
    .leftJoin('bot_tickets as t', 't.id', 'n.ticket_id')
    .selectAll('n')
    .select('t.number as ticket_number')
    .$if(channel !== undefined, (query) => query.where('n.channel', '=', channel!))
    .$if(status !== undefined, (query) => query.where('n.status', 'in', status!))
    .$if(since !== undefined, (query) => query.where('n.created_at', '>=', timeOf(since!)))
    .orderBy('n.position', 'desc')
    .limit(limit)
    .execute();
  return {
    notifications: rows,
    notPassing: await channelsNotPassing(db),
    /** says that no channel ever had the given name; null if one had, or messages were found */
    unknownChannel:
      rows.length === 0 && channel !== undefined ? await unknownChannelInWords(db, channel) : null,
    now: await currentTime(db),
  };
}

async function unknownChannelInWords(db: Db, given: string): Promise<string | null> {
  const set = Object.keys((await readNotifications(db))?.channels ?? {});
  const used = await db.selectFrom('engine.channels').select('name').execute();
  const names = [...new Set([...set, ...used.map(({ name }) => name)])];
  if (names.includes(given)) return null;
  return `there is no channel ${printable(given)}; ${didYouMean(given, names, '`npx roundsman notify show` shows which are set')}`;
}

export type ListedNotification = Awaited<
  ReturnType<typeof listNotifications>
>['notifications'][number];

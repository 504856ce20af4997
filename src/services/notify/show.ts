import type { Db } from '../../database/connect.ts';
import { maskCredentials } from '../../ground/secrets/literal-credentials.ts';
import { readNotifications, storedDocument } from '../../notify/settings/read.ts';

export interface ShownNotifications {
  /** as it was set, with `[redacted]` in place of credentials in clear; null where nothing is set */
  document: unknown;
  /** what is known of each of its channels */
  channels: { name: string; off_since: Date | null; off_reason: string | null; pending: number }[];
}

/** The document that is in force. Throws BadNotificationsError where a statement has written one that cannot be used. */
export async function showNotifications(db: Db): Promise<ShownNotifications> {
  const document = await storedDocument(db);
  const settings = await readNotifications(db);
  const names = Object.keys(settings?.channels ?? {});
  const known = names.length === 0 ? [] : await channelStates(db, names);
  return { document: document === undefined ? null : maskCredentials(document), channels: known };
}

const channelStates = (db: Db, names: string[]) =>
  db
    .selectFrom('engine.channels as c')
    .select(['c.name', 'c.off_since', 'c.off_reason'])
    .select((eb) =>
      eb
        .selectFrom('bot_notifications as n')
        .select((inner) => inner.cast<number>(inner.fn.countAll(), 'integer').as('pending'))
        .whereRef('n.channel', '=', 'c.name')
        .where('n.status', '=', 'pending')
        .$asScalar()
        .$notNull()
        .as('pending'),
    )
    .where('c.name', 'in', names)
    .orderBy('c.name')
    .execute();

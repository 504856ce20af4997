/**
 * The setting `notifications` as it is stored. It is not in read.ts, because read.ts loads the whole schema of the document, which
 * a command that only shows something rarely needs.
 */
import type { Db } from '../../database/connect.ts';

export const settingKey = 'notifications';

/** The document as it was set; undefined if there is none. */
export async function storedDocument(db: Db): Promise<unknown> {
  const row = await db
    .selectFrom('engine.settings')
    .select('value')
    .where('key', '=', settingKey)
    .executeTakeFirst();
  return row?.value ?? undefined;
}

/** The names of the channels in a document, whatever else a statement has written there. */
export function channelNames(document: unknown): string[] {
  const channels = (document as { channels?: unknown } | null | undefined)?.channels;
  return channels !== null && typeof channels === 'object' ? Object.keys(channels) : [];
}

/** Why the document cannot be used; null if it can, or there is none. */
export async function whyUnusable(db: Db): Promise<string | null> {
  if ((await storedDocument(db)) === undefined) return null;
  const { BadNotificationsError, readNotifications } = await import('./read.ts');
  try {
    await readNotifications(db);
    return null;
  } catch (error) {
    if (error instanceof BadNotificationsError) return error.why;
    throw error;
  }
}

import { isDeepStrictEqual } from 'node:util';
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { counted, storable } from '../../ground/text.ts';
import { settingKey } from '../../notify/settings/stored.ts';
import { endChannelTicket } from '../../transitions/channels/end-ticket.ts';
import { endRemovedChannel } from '../../transitions/channels/end-removed.ts';
import { switchOn } from '../../transitions/channels/switch-on.ts';
import { sendAgainOn } from '../../transitions/notifications/send-again.ts';
import { authorise, type Actor } from '../actor.ts';
import { checkDocument } from './document.ts';

export interface SetNotifications {
  document: object;
  warnings: string[];
  /** channels that the document no longer has, each with how many messages waited for it and are not sent */
  removed: { channel: string; failed: number }[];
  /** channels that were off and are on again, because they were changed */
  switched_on: string[];
}

/**
 * Sets the document for every process, from the next event and the next message on. Messages that wait for a channel which the
 * document no longer has are marked as failed. For owners and admins. Throws UsageError for a document that cannot be used.
 */
export async function setNotifications(
  { db, actor }: { db: Db; actor: Actor },
  given: { text: string; place: string },
): Promise<SetNotifications> {
  authorise(actor, 'change notifications', 'admin');
  const { document, warnings } = await checkDocument(db, given);
  const by = storable(actor.name);
  const changed = await inTransaction(db, async (trx) => {
    const before = await replace(trx, document, by);
    const [old, present] = [channelsIn(before), channelsIn(document)];
    const removed: SetNotifications['removed'] = [];
    const switched_on: string[] = [];
    for (const channel of Object.keys(old).toSorted())
      if (!Object.hasOwn(present, channel)) {
        const reason = `${by} removed the channel from the settings`;
        removed.push({ channel, failed: await endRemovedChannel(trx, channel, { by, reason }) });
      } else if (!isDeepStrictEqual(old[channel], present[channel])) {
        await endChannelTicket(trx, channel, by, `The channel ${channel} was changed.`);
        await sendAgainOn(trx, channel);
        if (await switchOn(trx, channel)) switched_on.push(channel);
      }
    return { removed, switched_on };
  });
  return { document, warnings, ...changed };
}

/** Writes the document and returns the one before. The row's lock lets only one person at a time set it. */
async function replace(trx: Transaction<Database>, document: object, by: string): Promise<unknown> {
  await sql`INSERT INTO engine.settings (key, value) VALUES (${settingKey}, 'null') ON CONFLICT (key) DO NOTHING`.execute(
    trx,
  );
  const { rows } = await sql<{ value: unknown }>`
    SELECT value FROM engine.settings WHERE key = ${settingKey} FOR NO KEY UPDATE`.execute(trx);
  await sql`
    UPDATE engine.settings SET value = ${JSON.stringify(document)}::jsonb, changed_at = engine.now(), changed_by = ${by}
    WHERE key = ${settingKey}`.execute(trx);
  return rows[0]!.value;
}

const channelsIn = (document: unknown): Record<string, unknown> => {
  const channels = (document as { channels?: unknown } | null)?.channels;
  return channels && typeof channels === 'object' ? (channels as Record<string, unknown>) : {};
};

/** `the channel ops was removed; 3 messages that waited for it are not sent` */
export const removedInWords = ({ channel, failed }: SetNotifications['removed'][number]): string =>
  `the channel ${channel} was removed${failed > 0 ? `; ${counted(failed, 'message')} that waited for it ${failed === 1 ? 'is' : 'are'} not sent` : ''}`;

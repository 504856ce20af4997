import type { Db } from '../../database/connect.ts';
import { NotFoundError, RoundsmanError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { printable, storable } from '../../ground/text.ts';
import { switchOn } from '../../transitions/channels/switch-on.ts';
import { sendAgain, sendAgainOn } from '../../transitions/notifications/send-again.ts';
import { readNotifications } from '../../notify/settings/read.ts';
import { idsFrom } from '../../data/bots/id-prefix.ts';
import { authorise, type Actor } from '../actor.ts';
import { notificationIdOf } from '../references/by-id.ts';

/** The message was sent, or another one took its place: nothing of it waits. */
export class NotificationOverError extends RoundsmanError {}

export interface Retried {
  /** the channel that is on now, or of the message */
  channel: string;
  /** whether the channel was off */
  switched_on: boolean;
  /** messages that are due now */
  pending: number;
}

/**
 * A channel by its name: it is on again, and what waits for it is due at once. Else a message by its id: it is due at once,
 * also when it has failed. For operators. Throws NotFoundError, {@link NotificationOverError}.
 */
export async function retry(
  { db, actor }: { db: Db; actor: Actor },
  { given }: { given: string },
): Promise<Retried> {
  authorise(actor, 'send messages again', 'operator');
  const names = Object.keys((await readNotifications(db))?.channels ?? {});
  if (names.includes(given))
    return db.transaction().execute(async (trx) => {
      const pending = await sendAgainOn(trx, given);
      return {
        channel: given,
        switched_on: await switchOn(trx, given, storable(actor.name)),
        pending,
      };
    });
  if (!idsFrom(given))
    throw new NotFoundError({
      what: `there is no channel ${printable(given) || 'without a name'}`,
      why: `the settings have ${names.join(', ') || 'none'}, and the text is no id of a message`,
      hint: didYouMean(given, names, '`npx roundsman notify list` shows the ids of messages'),
    });
  const id = await notificationIdOf(db, given);
  const done = await db.transaction().execute((trx) => sendAgain(trx, id));
  const { channel, status } = await db
    .selectFrom('bot_notifications')
    .select(['channel', 'status'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  if (done) return { channel, switched_on: false, pending: 1 };
  throw new NotificationOverError({
    what: 'the message is not sent again',
    why: status === 'sent' ? 'its receiver has it' : 'a newer message took its place',
    hint: '`npx roundsman notify list` shows what waits and what failed',
  });
}

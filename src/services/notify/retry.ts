import type { Db } from '../../database/connect.ts';
import { NotFoundError, RoundsmanError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { printable, storable } from '../../ground/text.ts';
import { endChannelTicket } from '../../transitions/channels/end-ticket.ts';
import { switchOn } from '../../transitions/channels/switch-on.ts';
import { sendAgain, sendAgainOn } from '../../transitions/notifications/send-again.ts';
import { readNotifications } from '../../notify/settings/read.ts';
import { idsFrom } from '../../data/bots/id-prefix.ts';
import { authorise, type Actor } from '../actor.ts';
import { notificationIdOf } from '../references/by-id.ts';

/** The message was sent, another one took its place, or the settings no longer have its channel: it cannot be sent again. */
export class NotSentAgainError extends RoundsmanError {}

export interface Retried {
  /** the channel that is on now, or of the message */
  channel: string;
  /** whether the channel was off */
  switched_on: boolean;
  /** messages that are due now */
  pending: number;
}

/**
 * `given` is the name of a channel, which is switched on, and whose waiting messages are due at once; or the id of a message,
 * which is due at once, also when it has failed. For operators. Throws NotFoundError, {@link NotSentAgainError}.
 */
export async function retry(
  { db, actor }: { db: Db; actor: Actor },
  { given }: { given: string },
): Promise<Retried> {
  authorise(actor, 'send messages again', 'operator');
  const names = Object.keys((await readNotifications(db))?.channels ?? {});
  if (names.includes(given))
    return db.transaction().execute(async (trx) => {
      await endChannelTicket(trx, given, storable(actor.name), `The channel ${given} is on again.`);
      const pending = await sendAgainOn(trx, given);
      return { channel: given, switched_on: await switchOn(trx, given), pending };
    });
  if (!idsFrom(given))
    throw new NotFoundError({
      what: `there is no channel ${printable(given) || 'without a name'}`,
      why: `the settings have ${names.join(', ') || 'none'}, and the text is not the id of a message`,
      hint: didYouMean(given, names, '`npx roundsman notify list` shows the ids of messages'),
    });
  const id = await notificationIdOf(db, given);
  const { channel } = await rowOf(db, id);
  if (!names.includes(channel))
    throw new NotSentAgainError({
      what: 'the message is not sent again',
      why: `the settings have no channel ${printable(channel)} any more`,
      hint: '`npx roundsman notify show` shows the channels, and `npx roundsman notify set FILE` sets them',
    });
  if (await db.transaction().execute((trx) => sendAgain(trx, id)))
    return { channel, switched_on: false, pending: 1 };
  const { status } = await rowOf(db, id);
  throw new NotSentAgainError({
    what: 'the message is not sent again',
    why: status === 'sent' ? 'its receiver has it' : 'a newer message took its place',
    hint: '`npx roundsman notify list` shows what waits and what failed',
  });
}

const rowOf = (db: Db, id: string) =>
  db
    .selectFrom('bot_notifications')
    .select(['channel', 'status'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();

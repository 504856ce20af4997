import { endSilence as end } from '../../data/bots/bot-silences.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { shortId, time } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { changing } from '../changing.ts';
import { silenceIdOf } from '../references/by-id.ts';

/** The silence is over already. */
export class SilenceEndedError extends RoundsmanError {}

/** Ends a silence before its time. For operators. Throws NotFoundError, AmbiguousIdError, {@link SilenceEndedError}. */
export async function endSilence(
  { db, actor }: { db: Db; actor: Actor },
  { silence: given }: { silence: string },
) {
  authorise(actor, 'end silences', 'operator');
  const id = await silenceIdOf(db, given);
  const ended = await changing({ db, actor }, (trx) => end(trx, id));
  if (ended) return ended;
  const { ended_at, expires_at } = await db
    .selectFrom('bot_silences')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  throw new SilenceEndedError({
    what: `silence ${shortId(id)} cannot be ended`,
    why: `it ended at ${time(ended_at ?? expires_at)} UTC`,
    hint: '`npx roundsman silences list` shows what is in force',
  });
}

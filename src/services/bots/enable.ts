import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { disableBot as disable } from '../../transitions/bots/disable.ts';
import { enableBot as enable } from '../../transitions/bots/enable.ts';
import { cancelRunsOf, type CancelledOfBot } from '../../transitions/runs/cancel-of-bot.ts';
import { authorise, type Actor } from '../actor.ts';
import { botOf } from '../references/named.ts';
import {
  requireChange,
  refuseLeftOff,
  refuseUnrunnable,
  WrongStatusError,
  type ChangedStatus,
} from './pause.ts';
import { refusingTakenSource } from './source-taken.ts';

/**
 * Disables a bot: runs that wait are cancelled, running ones are asked to end, and none begins until it is enabled.
 * Its findings and tickets stay open as they were last seen. For owners and admins. Throws NotFoundError,
 * {@link WrongStatusError}.
 */
export async function disableBot(
  { db, actor }: { db: Db; actor: Actor },
  { bot: given, reason }: { bot: string; reason: string | null },
): Promise<ChangedStatus & CancelledOfBot> {
  authorise(actor, 'disable bots', 'admin');
  const bot = await botOf(db, given);
  if (bot.status === 'disabled') return { bot, unchanged: true, cancelled: 0, stopping: 0 };
  const disabled = await inTransaction(db, async (trx) => {
    const after = await disable(trx, bot, reason);
    return after && { bot: after, ...(await cancelRunsOf(trx, bot.id, 'its bot was disabled')) };
  });
  return {
    unchanged: false,
    cancelled: 0,
    stopping: 0,
    ...disabled,
    bot: await requireChange(db, bot, disabled?.bot),
  };
}

/**
 * Lets a bot run again that was disabled or removed, if its definition allows it to run. Findings that the removal
 * resolved are reported again when a run finds them. For owners and admins. Throws NotFoundError, {@link WrongStatusError}, SourceTakenError.
 */
export async function enableBot(
  { db, actor, catalogue }: { db: Db; actor: Actor; catalogue: () => Promise<Catalogue> },
  { bot: given }: { bot: string },
): Promise<ChangedStatus & { wasRemoved: boolean }> {
  authorise(actor, 'enable bots', 'admin');
  const bot = await botOf(db, given);
  const wasRemoved = bot.removed_at !== null;
  if (bot.status === 'active') return { bot, unchanged: true, wasRemoved };
  if (bot.status !== 'disabled')
    throw new WrongStatusError({
      what: `${bot.name} cannot be enabled`,
      why: `it is ${bot.status === 'error' ? 'in error' : bot.status} and not disabled`,
      hint:
        bot.status === 'error'
          ? `correct its definition: \`npx roundsman bots edit ${bot.name}\``
          : `\`npx roundsman bots resume ${bot.name}\``,
    });
  const known = await catalogue();
  refuseUnrunnable(bot, known, 'enabled');
  await refuseLeftOff(db, bot, known, 'enabled');
  const enabled = await refusingTakenSource(
    db,
    { what: `${bot.name} was not enabled`, endpoint: bot.api_endpoint },
    () => enable(db, bot),
  );
  return { bot: await requireChange(db, bot, enabled), unchanged: false, wasRemoved };
}

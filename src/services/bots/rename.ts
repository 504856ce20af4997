import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { ConstraintError, explainRefusal } from '../../database/faults/constraint-errors.ts';
import { renameBot as rename } from '../../transitions/bots/rename.ts';
import { authorise, type Actor } from '../actor.ts';
import { botOf } from '../references/named.ts';
import { NameTakenError } from './add.ts';
import { WrongStatusError } from './pause.ts';

export { checkName } from './definition.ts';

export interface Renamed {
  bot: BotRow;
  before: string;
  /** it had this name already, and nothing was changed */
  unchanged: boolean;
  /** what the removed bot that had the name is called now */
  newNameOfRemoved: string | null;
}

/**
 * Gives a bot another name. Its history shows the new name, because runs and findings refer to the bot by its id. Playbooks and
 * silences that name the bot keep the old name. For owners and admins. Throws NotFoundError, NameTakenError, WrongStatusError.
 */
export async function renameBot(
  { db, actor }: { db: Db; actor: Actor },
  { bot: given, name }: { bot: string; name: string },
): Promise<Renamed> {
  authorise(actor, 'rename bots', 'admin');
  const seen = await botOf(db, given);
  if (seen.name === name)
    return { bot: seen, before: name, unchanged: true, newNameOfRemoved: null };
  const renamed = await inTransaction(db, (trx) => rename(trx, seen, name)).catch(
    (error: unknown) => {
      // Another session has just given the name to a bot of its own.
      const refused = explainRefusal(error, '');
      if (refused instanceof ConstraintError && refused.constraint === 'bots_name_key') return;
      throw error;
    },
  );
  if (renamed) return { ...renamed, before: seen.name, unchanged: false };
  const current = await botOf(db, seen.id);
  if (current.name !== seen.name)
    throw new WrongStatusError({
      what: `${seen.name} was not renamed`,
      why: `another command renamed it first: it is ${current.name} now`,
      hint: `see \`npx roundsman bots show ${current.name}\``,
    });
  throw new NameTakenError({
    what: `${seen.name} was not renamed`,
    why: `a bot called ${name} exists`,
    hint: 'take another name, or rename or remove that one first',
  });
}

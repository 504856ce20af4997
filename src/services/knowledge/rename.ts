import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { ConstraintError, explainRefusal } from '../../database/faults/constraint-errors.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { renameKnowledge as rename } from '../../transitions/knowledge/rename.ts';
import { authorise, type Actor } from '../actor.ts';
import { knowledgeOf } from '../references/named.ts';
import { KnowledgeNameTakenError } from './add.ts';

export { checkName } from './definition.ts';

/** Another command changed the entry first; `why` says what it is now. */
export class KnowledgeChangedError extends RoundsmanError {}

export interface RenamedEntry {
  entry: KnowledgeRow;
  before: string;
  /** it had this name already, and nothing was changed */
  unchanged: boolean;
  /** what the removed entry that had the name is called now */
  newNameOfRemoved: string | null;
}

/**
 * Gives an entry another name; its figures and its history stay with it. For owners and admins. Throws NotFoundError,
 * KnowledgeNameTakenError, {@link KnowledgeChangedError}.
 */
export async function renameKnowledge(
  { db, actor }: { db: Db; actor: Actor },
  { knowledge: given, name }: { knowledge: string; name: string },
): Promise<RenamedEntry> {
  authorise(actor, 'rename knowledge', 'admin');
  const seen = await knowledgeOf(db, given);
  if (seen.name === name)
    return { entry: seen, before: name, unchanged: true, newNameOfRemoved: null };
  const change = { actor: storable(actor.name) };
  const renamed = await inTransaction(db, (trx) => rename(trx, seen, name, change)).catch(
    (error: unknown) => {
      // Another session has just given the name to an entry of its own.
      const refused = explainRefusal(error, '');
      if (refused instanceof ConstraintError && refused.constraint === 'bot_knowledge_name_key')
        return;
      throw error;
    },
  );
  if (renamed) return { ...renamed, before: seen.name, unchanged: false };
  const current = await knowledgeOf(db, seen.id);
  if (current.name !== seen.name)
    throw new KnowledgeChangedError({
      what: `${seen.name} was not renamed`,
      why: `another command renamed it first: it is ${current.name} now`,
      hint: `see \`npx roundsman knowledge show ${current.name}\``,
    });
  throw new KnowledgeNameTakenError({
    what: `${seen.name} was not renamed`,
    why: `an entry called ${name} exists`,
    hint: 'take another name, or rename or remove that one first',
  });
}

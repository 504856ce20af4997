import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { editKnowledge } from '../../transitions/knowledge/edit.ts';
import { authorise, type Actor } from '../actor.ts';
import { knowledgeOf } from '../references/named.ts';
import { secretWarnings, type KnowledgeWarning } from './warnings.ts';

/** How many characters a reason may have. */
const maxReasonLetters = 500;

/** The reason in its stored form, null when none is given. Throws UsageError. */
export function enableReasonOf(given: string | undefined): string | null {
  const why = given?.trim() || null;
  if (why && [...why].length > maxReasonLetters)
    throw new UsageError({
      what: 'nothing was changed',
      why: `the reason is longer than ${maxReasonLetters} characters`,
      hint: 'give a shorter one',
    });
  return why && storable(why);
}

export interface Enabled {
  /** the entry after the change */
  entry: KnowledgeRow;
  /** false if it was in this state already */
  changed: boolean;
  warnings: KnowledgeWarning[];
}

/**
 * Lets an entry act again as its autonomy allows, or stops it. Operators may stop an entry; owners and admins may let
 * it act. Throws NotFoundError.
 */
export async function setEnabled(
  { db, actor }: { db: Db; actor: Actor },
  {
    knowledge: given,
    enabled,
    reason,
  }: {
    knowledge: string;
    enabled: boolean;
    reason: string | null;
  },
): Promise<Enabled> {
  if (enabled) authorise(actor, 'enable knowledge', 'admin');
  else authorise(actor, 'disable knowledge', 'operator');
  const { id } = await knowledgeOf(db, given);
  const change = { actor: storable(actor.name), why: reason };
  const edited = await inTransaction(db, (trx) =>
    editKnowledge(trx, id, () => ({ enabled }), change),
  );
  return {
    entry: edited?.after ?? (await knowledgeOf(db, id)),
    changed: edited !== null,
    warnings: enabled && edited ? await secretWarnings(db, edited.after) : [],
  };
}

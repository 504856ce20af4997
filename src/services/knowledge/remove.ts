import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { storable } from '../../ground/text.ts';
import { removeKnowledge as remove } from '../../transitions/knowledge/remove.ts';
import { authorise, type Actor } from '../actor.ts';
import { knowledgeOf } from '../references/named.ts';

export { enableReasonOf as reasonOf } from './enable.ts';

/**
 * Removes an entry: it matches nothing any more, lists leave it out, and its name may be given to another one. Its
 * history stays, and heals that it has begun end as usual. `knowledge enable` takes the removal back. `unchanged`: it was removed
 * before. For owners and admins. Throws NotFoundError.
 */
export async function removeKnowledge(
  { db, actor }: { db: Db; actor: Actor },
  { knowledge: given, reason }: { knowledge: string; reason: string | null },
): Promise<{ entry: KnowledgeRow; unchanged: boolean }> {
  authorise(actor, 'remove knowledge', 'admin');
  const seen = await knowledgeOf(db, given);
  const change = { actor: storable(actor.name), why: reason };
  const entry = await inTransaction(db, (trx) => remove(trx, seen.id, change));
  return { entry: entry ?? (await knowledgeOf(db, seen.id)), unchanged: entry === undefined };
}

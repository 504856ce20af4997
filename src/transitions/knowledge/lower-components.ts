/**
 * After the autonomy of an entry was lowered, or its solution was replaced, the entry may act on no component more freely than
 * its own autonomy says: where the autonomy for a component is a freer one, it is deleted, and an event is written.
 *
 * From: an autonomy for a component (`bot_knowledge_autonomy`), freer than the entry's.
 * To: none for the component: there the entry's own counts.
 * By: an admin who edits the entry.
 * Locks: the autonomy of its components; the transaction holds the entry.
 * Zero rows: the entry has a freer autonomy for no component.
 */
import type { Transaction } from 'kysely';
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Database } from '../../database/connect.ts';
import { autonomies, autonomyRank } from '../../ground/autonomy.ts';
import { writeEvent, type Change } from './write-event.ts';

export async function lowerAutonomyOfComponents(
  trx: Transaction<Database>,
  { id, autonomy }: Pick<KnowledgeRow, 'id' | 'autonomy'>,
  change: Change,
): Promise<void> {
  const above = autonomies.slice(autonomyRank(autonomy) + 1);
  if (above.length === 0) return;
  const freer = await trx
    .deleteFrom('bot_knowledge_autonomy')
    .where('knowledge_id', '=', id)
    .where('autonomy', 'in', above)
    .returning(['component', 'autonomy'])
    .execute();
  for (const { component, autonomy: had } of freer.toSorted(byComponent))
    await writeEvent(
      trx,
      id,
      { event: 'demoted', component, before: { autonomy: had }, after: { autonomy } },
      { ...change, why: change.why ?? 'with the whole entry' },
    );
}

const byComponent = (a: { component: string }, b: { component: string }) =>
  a.component < b.component ? -1 : 1;

/**
 * Takes from components the freedom that exceeds that of their entry, which was lowered; writes an event for each.
 *
 * From: an autonomy of a component's own, above the entry's.
 * To: no autonomy of its own (`bot_knowledge_autonomy`): the component follows the entry.
 * By: an admin who edits the entry.
 * Locks: the autonomy of its components; the transaction holds the entry.
 * Zero rows: no component may do more than its entry.
 */
import type { Transaction } from 'kysely';
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Database } from '../../database/connect.ts';
import { autonomies, freedomOf } from '../../ground/autonomy.ts';
import { writeEvent, type Change } from './write-event.ts';

export async function lowerComponents(
  trx: Transaction<Database>,
  { id, autonomy }: Pick<KnowledgeRow, 'id' | 'autonomy'>,
  change: Change,
): Promise<void> {
  const above = autonomies.slice(freedomOf(autonomy) + 1);
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

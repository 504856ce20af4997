/**
 * A person sets how freely an entry may act on one component, whatever it may do on others. From then on the component is
 * judged by its own outcomes. Writes an event.
 *
 * From: the component's own autonomy, or the entry's.
 * To: an autonomy of the component's own (`bot_knowledge_autonomy`).
 * By: an admin.
 * Locks: the entry, then the component's autonomy.
 * Zero rows: the component already has this autonomy: null is returned.
 */
import type { Transaction } from 'kysely';
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Database } from '../../database/connect.ts';
import { setOwnAutonomy } from './set-autonomy.ts';
import { nameOfChange, writeEvent, type Change } from './write-event.ts';

export async function setAutonomyOn(
  trx: Transaction<Database>,
  id: string,
  component: string,
  autonomy: KnowledgeRow['autonomy'],
  change: Change,
): Promise<{ before: KnowledgeRow['autonomy'] } | null> {
  const entry = await trx
    .selectFrom('bot_knowledge')
    .select('autonomy')
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  const override = await trx
    .selectFrom('bot_knowledge_autonomy')
    .select('autonomy')
    .where('knowledge_id', '=', id)
    .where('component', '=', component)
    .executeTakeFirst();
  const before = (override ?? entry).autonomy;
  if (before === autonomy) return null;
  await setOwnAutonomy(trx, id, component, autonomy);
  const event = {
    event: nameOfChange(before, autonomy),
    component,
    before: { autonomy: before },
    after: { autonomy },
    figures: change.figures,
  };
  await writeEvent(trx, id, event, change);
  return { before };
}

/**
 * The outcomes of an entry change its autonomy, as a whole or on one component; writes an event with the figures.
 *
 * From: any autonomy.
 * To: the autonomy that the figures ask for. A component gets an autonomy of its own (`bot_knowledge_autonomy`), also
 *   when it keeps the entry's old one.
 * By: the timer that judges entries, in any process.
 * Locks: the entry, which the transaction holds, then the component's autonomy.
 * Zero rows: the component already has this autonomy; the event is written all the same.
 */
import { sql, type Transaction } from 'kysely';
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Database } from '../../database/connect.ts';
import { nameOfChange, writeEvent, type Change } from './write-event.ts';

type Autonomy = KnowledgeRow['autonomy'];

/** `component` null is the entry as a whole. */
export async function setAutonomy(
  trx: Transaction<Database>,
  knowledge_id: string,
  { component, before, after }: { component: string | null; before: Autonomy; after: Autonomy },
  change: Change,
): Promise<void> {
  if (component === null)
    await trx
      .updateTable('bot_knowledge')
      .set({ autonomy: after })
      .where('id', '=', knowledge_id)
      .execute();
  else await setOwnAutonomy(trx, knowledge_id, component, after);
  const event = {
    event: nameOfChange(before, after),
    component,
    before: { autonomy: before },
    after: { autonomy: after },
    figures: change.figures,
  };
  await writeEvent(trx, knowledge_id, event, change);
}

/** Gives a component an autonomy of its own, or changes the one that it has. */
export async function setOwnAutonomy(
  trx: Transaction<Database>,
  knowledge_id: string,
  component: string,
  autonomy: Autonomy,
): Promise<void> {
  const changed_at = sql<Date>`engine.now()`;
  await trx
    .insertInto('bot_knowledge_autonomy')
    .values({ knowledge_id, component, autonomy, changed_at })
    .onConflict((conflict) =>
      conflict
        .columns(['knowledge_id', 'component'])
        .doUpdateSet({ autonomy, changed_at })
        .where('bot_knowledge_autonomy.autonomy', '<>', autonomy),
    )
    .execute();
}

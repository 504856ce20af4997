/**
 * What came of an entry changes how freely it may act, as a whole or on one component, with an event and its figures.
 *
 * From: any autonomy.
 * To: the autonomy that the figures ask for; of a component its own (`bot_knowledge_autonomy`), also where it is the
 *   entry's old one that it keeps.
 * By: the timer that judges entries, in any process.
 * Locks: the entry, which the transaction holds, then the component's autonomy.
 * Zero rows: a component has that autonomy already; the event is written all the same.
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
  else await keepOwnAutonomy(trx, knowledge_id, component, after);
  const event = {
    event: nameOfChange(before, after),
    component,
    before: { autonomy: before },
    after: { autonomy: after },
    figures: change.figures,
  };
  await writeEvent(trx, knowledge_id, event, change);
}

/** A component's autonomy becomes its own. */
export async function keepOwnAutonomy(
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

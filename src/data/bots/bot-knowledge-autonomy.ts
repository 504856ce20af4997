import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { freedom, writeEvent, type Change, type KnowledgeRow } from './bot-knowledge.ts';

/**
 * How freely an entry may act on one component, as a person says, whatever it may elsewhere. Written down like every
 * change of the entry; from then on it is judged by what comes of it there. Null when it is so already.
 */
export const setAutonomyOn = (
  db: Db,
  id: string,
  component: string,
  autonomy: KnowledgeRow['autonomy'],
  change: Change,
): Promise<{ before: KnowledgeRow['autonomy'] } | null> =>
  db.transaction().execute(async (trx) => {
    const entry = await trx
      .selectFrom('bot_knowledge')
      .select('autonomy')
      .where('id', '=', id)
      .forNoKeyUpdate()
      .executeTakeFirstOrThrow();
    const own = await trx
      .selectFrom('bot_knowledge_autonomy')
      .select('autonomy')
      .where('knowledge_id', '=', id)
      .where('component', '=', component)
      .executeTakeFirst();
    const before = (own ?? entry).autonomy;
    if (before === autonomy) return null;
    const changed_at = sql<Date>`engine.now()`;
    await trx
      .insertInto('bot_knowledge_autonomy')
      .values({ knowledge_id: id, component, autonomy, changed_at })
      .onConflict((conflict) =>
        conflict.columns(['knowledge_id', 'component']).doUpdateSet({ autonomy, changed_at }),
      )
      .execute();
    const event = freedom.indexOf(autonomy) > freedom.indexOf(before) ? 'promoted' : 'demoted';
    await writeEvent(
      trx,
      id,
      {
        event,
        component,
        before: { autonomy: before },
        after: { autonomy },
        figures: change.figures,
      },
      change,
    );
    return { before };
  });

import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';

/** Components, by name, whose autonomy differs from that of their entry. */
export const differingAutonomies = (db: Db, { id, autonomy }: KnowledgeRow, limit: number) =>
  db
    .selectFrom('bot_knowledge_autonomy')
    .select(['component', 'autonomy'])
    .where('knowledge_id', '=', id)
    .where('autonomy', '<>', autonomy)
    .orderBy('component')
    .limit(limit)
    .execute();

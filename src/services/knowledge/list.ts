import { decidedEntries, type KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';

/** Entries of knowledge by name. Those that were removed are left out unless `removed`. */
export const listKnowledge = (
  db: Db,
  { limit, removed = false }: { limit: number; removed?: boolean },
): Promise<KnowledgeRow[]> =>
  db
    .selectFrom('bot_knowledge')
    .selectAll()
    .$if(!removed, (query) => query.where('removed_at', 'is', null))
    .orderBy('name')
    .limit(limit)
    .execute();

/** Which of the entries have decided outcomes, and the database's time. */
export async function decidedOf(db: Db, entries: KnowledgeRow[]) {
  const decided = await decidedEntries(
    db,
    entries.map(({ id }) => id),
  );
  return { decided, now: await currentTime(db) };
}

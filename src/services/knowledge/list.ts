import { decidedEntries, type KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';

export { listKnowledge } from '../../data/bots/bot-knowledge.ts';

/** Which of the entries have decided outcomes, and the database's time. */
export async function decidedOf(db: Db, entries: KnowledgeRow[]) {
  const decided = await decidedEntries(
    db,
    entries.map(({ id }) => id),
  );
  return { decided, now: await currentTime(db) };
}

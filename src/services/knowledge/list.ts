import { decidedEntries, type KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { triedOf } from '../../heal/judging/current-solution.ts';

export { listKnowledge } from '../../data/bots/bot-knowledge.ts';

/**
 * Which of the entries have decided outcomes, the names of those whose columns count heals of earlier solutions, too, and
 * the database's time.
 */
export async function decidedOf(db: Db, entries: KnowledgeRow[]) {
  const ids = entries.map(({ id }) => id);
  const decided = await decidedEntries(db, ids);
  const tried = await triedOf(db, ids);
  const replaced = entries.filter(({ id }) => tried.get(id)!.earlier > 0).map(({ name }) => name);
  return { decided, replaced, now: await currentTime(db) };
}

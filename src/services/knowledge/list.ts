import { decidedEntries, listKnowledge, type KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { countRows } from '../../database/rows/count-rows.ts';
import { triedOf } from '../../heal/judging/current-solution.ts';

export type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';

/** Entries by name, removed ones only if the request wants them, and how many there are in all. */
export const readKnowledge = async (db: Db, request: { limit: number; removed?: boolean }) => ({
  entries: await listKnowledge(db, request),
  count: () =>
    countRows(
      db,
      db
        .selectFrom('bot_knowledge')
        .$if(!request.removed, (query) => query.where('removed_at', 'is', null)),
    ),
});

/**
 * Which of the entries have decided outcomes, the names of those whose figures also count heals with earlier solutions, and
 * the database's time.
 */
export async function readDecided(db: Db, entries: KnowledgeRow[]) {
  const ids = entries.map(({ id }) => id);
  const decided = await decidedEntries(db, ids);
  const tried = await triedOf(db, ids);
  const replaced = entries.filter(({ id }) => tried.get(id)!.earlier > 0).map(({ name }) => name);
  return { decided, replaced, now: await currentTime(db) };
}

import { currentTime } from '../../data/bots/engine.ts';
import { countEntryEvents, entryEvents, type EntryEvent } from '../../data/history/entry-events.ts';
import type { Db } from '../../database/connect.ts';
import type { Since } from '../../database/rows/since.ts';
import { knowledgeOf } from '../references/named.ts';

export type KnowledgeEvent = EntryEvent;

/** The changes of an entry, all or those since a time, the newest first, with the figures that caused them. Throws NotFoundError. */
export async function knowledgeHistory(
  db: Db,
  request: { knowledge: string; since?: Since | undefined; limit: number },
): Promise<{ events: KnowledgeEvent[]; count: () => Promise<number | null>; now: Date }> {
  const { since, limit } = request;
  const { id } = await knowledgeOf(db, request.knowledge);
  return {
    events: await entryEvents(db, id, limit, since),
    count: () => countEntryEvents(db, id, since),
    now: await currentTime(db),
  };
}

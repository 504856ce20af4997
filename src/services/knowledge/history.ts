import type { Selectable } from 'kysely';
import { countKnowledgeEvents, knowledgeEvents } from '../../data/bots/bot-knowledge.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import type { Since } from '../../database/rows/since.ts';
import type { BotKnowledgeEvents } from '../../database/tables.ts';
import { knowledgeOf } from '../references/named.ts';

export type KnowledgeEvent = Selectable<BotKnowledgeEvents>;

/** The changes of an entry, all or those since a time, the newest first, with the figures that caused them. Throws NotFoundError. */
export async function knowledgeHistory(
  db: Db,
  request: { knowledge: string; since?: Since | undefined; limit: number },
): Promise<{ events: KnowledgeEvent[]; count: () => Promise<number | null>; now: Date }> {
  const { since, limit } = request;
  const { id } = await knowledgeOf(db, request.knowledge);
  return {
    events: await knowledgeEvents(db, id, limit, since),
    count: () => countKnowledgeEvents(db, id, since),
    now: await currentTime(db),
  };
}

import type { Selectable } from 'kysely';
import { knowledgeEvents } from '../../data/bots/bot-knowledge.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import type { BotKnowledgeEvents } from '../../database/tables.ts';
import { knowledgeOf } from '../references/named.ts';

export type KnowledgeEvent = Selectable<BotKnowledgeEvents>;

/** The changes of an entry, the newest first, with the figures that caused them. Throws NotFoundError. */
export async function knowledgeHistory(
  db: Db,
  { knowledge: given, limit }: { knowledge: string; limit: number },
): Promise<{ events: KnowledgeEvent[]; now: Date }> {
  const { id } = await knowledgeOf(db, given);
  return { events: await knowledgeEvents(db, id, limit), now: await currentTime(db) };
}

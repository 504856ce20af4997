import { knowledgeEvents } from '../../data/bots/bot-knowledge.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { figuresOf } from '../../heal/judging/figures.ts';
import { knowledgeOf } from '../references/named.ts';

const mostComponents = 100;
const newestEvents = 20;

/** Figures about all that an entry was tried on. */
export const aboutAll = { fingerprint: null, component: null, category: null };

/** An entry with its figures, its autonomy by component and its newest changes. Throws NotFoundError. */
export async function showKnowledge(db: Db, { knowledge: given }: { knowledge: string }) {
  const entry = await knowledgeOf(db, given);
  const components = await db
    .selectFrom('bot_knowledge_autonomy')
    .selectAll()
    .where('knowledge_id', '=', entry.id)
    .orderBy('component')
    .limit(mostComponents)
    .execute();
  const events = await knowledgeEvents(db, entry.id, newestEvents);
  const figures = (await figuresOf(db, [entry.id], aboutAll)).get(entry.id)!;
  return { entry, components, events, figures, now: await currentTime(db) };
}

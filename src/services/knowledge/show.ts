import { entryEvents } from '../../data/history/entry-events.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import { triedOf } from '../../heal/judging/current-solution.ts';
import { figuresOf } from '../../heal/judging/figures.ts';
import type { Harm } from '../../heal/judging/harm.ts';
import { checkPattern } from '../../heal/patterns/pattern.ts';
import { knowledgeOf } from '../references/named.ts';

const maxComponents = 100;
const newestEvents = 20;

/** Figures over all problems and components on which an entry was tried. */
export const aboutAll = { fingerprint: null, component: null, category: null };

/**
 * An entry with the figures of its current solution, how often it and earlier ones were tried, what is wrong with its pattern,
 * the harm that it did, its autonomy by component and its newest changes. Throws NotFoundError.
 */
export async function showKnowledge(db: Db, { knowledge: given }: { knowledge: string }) {
  const entry = await knowledgeOf(db, given);
  const components = await db
    .selectFrom('bot_knowledge_autonomy')
    .selectAll()
    .where('knowledge_id', '=', entry.id)
    .orderBy('component')
    .limit(maxComponents)
    .execute();
  const events = await entryEvents(db, entry.id, newestEvents);
  const figures = (await figuresOf(db, [entry.id], aboutAll)).get(entry.id)!;
  return {
    entry,
    components,
    events,
    figures,
    tried: (await triedOf(db, [entry.id])).get(entry.id)!,
    unsound: whyUnsound(entry.issue_pattern),
    harm: harmIn(entry.aftermath),
    now: await currentTime(db),
  };
}

/** The harm of the entry that its newest judgement found, in words; null if it found none. */
function harmIn(aftermath: unknown): string | null {
  const { why } = (aftermath ?? {}) as Partial<Harm>;
  return typeof why === 'string' ? why : null;
}

/**
 * Why the commands `add` and `edit` would refuse this pattern, which was stored in another way: it may match the empty text, or
 * take too long to try. Null if they would accept it.
 */
function whyUnsound(pattern: string): string | null {
  try {
    checkPattern(pattern);
    return null;
  } catch (error) {
    return error instanceof RoundsmanError ? error.why : messageOf(error);
  }
}

import { decidedComponents, type KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { newestOutcomes, type Outcome } from '../../data/trends/newest-outcomes.ts';
import type { Db } from '../../database/connect.ts';
import { figuresOf, type Figures } from '../../heal/judging/figures.ts';
import { knowledgeOf } from '../references/named.ts';
import { readKnowledge } from './list.ts';
import { aboutAll } from './show.ts';

export type { Tried } from '../../heal/judging/current-solution.ts';
export type { Figures, TrackRecord, Untouched } from '../../heal/judging/figures.ts';

/** How many outcomes of one entry are returned. */
const maxOutcomes = 20;

/** How many components of one entry are returned. */
const maxComponents = 20;

export interface ComponentStats extends Pick<Figures, 'untouched' | 'lift'> {
  component: string;
  record: Figures['records']['component'];
}

export interface KnowledgeStats {
  /** `outcomes` are the newest outcomes of an entry, also with earlier solutions, in the order of time */
  entries: { entry: KnowledgeRow; figures: Figures; outcomes: Outcome[] }[];
  /** how many there are in all */
  count: () => Promise<number | null>;
  /** of the one entry that was named; null if all entries were asked for */
  components: ComponentStats[] | null;
  now: Date;
}

/**
 * The outcomes of findings on which entries acted, and of those that they left alone: for all entries, or for one by
 * component. Throws NotFoundError.
 */
export async function knowledgeStats(
  db: Db,
  { knowledge: given, limit }: { knowledge: string | undefined; limit: number },
): Promise<KnowledgeStats> {
  const { entries, count } =
    given === undefined
      ? await readKnowledge(db, { limit })
      : { entries: [await knowledgeOf(db, given)], count: async () => 1 };
  const ids = entries.map(({ id }) => id);
  const figures = await figuresOf(db, ids, aboutAll);
  const outcomes = await newestOutcomes(db, ids, maxOutcomes);
  return {
    entries: entries.map((entry) => ({
      entry,
      figures: figures.get(entry.id)!,
      outcomes: outcomes.get(entry.id)!,
    })),
    count,
    components: given === undefined ? null : await byComponent(db, entries[0]!.id),
    now: await currentTime(db),
  };
}

/** What an entry achieved on each component; a component with too few outcomes has no lift of its own. */
async function byComponent(db: Db, id: string): Promise<ComponentStats[]> {
  const found: ComponentStats[] = [];
  for (const component of await decidedComponents(db, id, maxComponents)) {
    const about = { fingerprint: null, component, category: null };
    const { records, context, untouched, lift } = (await figuresOf(db, [id], about)).get(id)!;
    found.push({
      component,
      record: records.component,
      untouched,
      lift: context === 'component' ? lift : null,
    });
  }
  return found;
}

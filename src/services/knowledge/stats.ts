import { decidedComponents, type KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { figuresOf, type Figures } from '../../heal/judging/figures.ts';
import { knowledgeOf } from '../references/named.ts';
import { listKnowledge } from './list.ts';
import { aboutAll } from './show.ts';

export type { Tried } from '../../heal/judging/current-solution.ts';
export type { Figures, Record, Untouched } from '../../heal/judging/figures.ts';

/** The most components of one entry that are returned. */
const maxComponents = 20;

export interface InComponent extends Pick<Figures, 'untouched' | 'lift'> {
  component: string;
  record: Figures['records']['component'];
}

export interface KnowledgeStats {
  entries: { entry: KnowledgeRow; figures: Figures }[];
  /** there are more entries than `limit` */
  hasMore: boolean;
  /** of the one entry that was named; null where all entries were asked for */
  components: InComponent[] | null;
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
  const found =
    given === undefined
      ? await listKnowledge(db, { limit: limit + 1 })
      : [await knowledgeOf(db, given)];
  const entries = found.slice(0, limit);
  const figures = await figuresOf(
    db,
    entries.map(({ id }) => id),
    aboutAll,
  );
  return {
    entries: entries.map((entry) => ({ entry, figures: figures.get(entry.id)! })),
    hasMore: found.length > limit,
    components: given === undefined ? null : await byComponent(db, entries[0]!.id),
    now: await currentTime(db),
  };
}

/** What an entry achieved on each component; a component with too few outcomes has no lift of its own. */
async function byComponent(db: Db, id: string): Promise<InComponent[]> {
  const found: InComponent[] = [];
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

import { decidedComponents } from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { figuresOf, type Figures } from '../../heal/judging/figures.ts';

/** Components of one entry that are told. */
const mostComponents = 20;

export interface InComponent extends Pick<Figures, 'untouched' | 'lift'> {
  component: string;
  record: Figures['records']['component'];
}

/** What an entry achieved where; a component with too few outcomes to say something has no lift of its own. */
export async function statsByComponent(
  db: Db,
  { knowledge: id }: { knowledge: string },
): Promise<InComponent[]> {
  const found: InComponent[] = [];
  for (const component of await decidedComponents(db, id, mostComponents)) {
    const about = { fingerprint: null, component, category: null };
    const { records, context, untouched, lift } = (await figuresOf(db, [id], about)).get(id)!;
    const own = context === 'component' ? lift : null;
    found.push({ component, record: records.component, untouched, lift: own });
  }
  return found;
}

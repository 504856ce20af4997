/** Sets how freely an entry may act on one component, independent of other components. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { figuresOf } from '../../heal/judging/figures.ts';
import { setAutonomyOn as set } from '../../transitions/knowledge/set-autonomy-on.ts';
import { authorise, type Actor } from '../actor.ts';
import { changing } from '../changing.ts';
import { knowledgeOf } from '../references/named.ts';
import { checkAutonomy, type KnowledgeDefinition } from './definition.ts';

export interface ComponentAutonomy {
  knowledge: string;
  component: string;
  autonomy: KnowledgeRow['autonomy'];
}

/** Throws UsageError if anything but an autonomy is given, or no component is named. */
export function componentAutonomyOf(
  knowledge: string,
  component: string,
  { autonomy, ...others }: KnowledgeDefinition,
): ComponentAutonomy {
  const isAlone = Object.values(others).every((value) => value === undefined);
  if (autonomy !== undefined && isAlone && component.trim())
    return { knowledge, component, autonomy };
  throw new UsageError({
    what: 'nothing was changed',
    why: component.trim()
      ? 'for a single component only --autonomy can be set'
      : '--component is empty',
    hint: `\`npx roundsman knowledge edit ${knowledge} --autonomy suggest --component NAME\``,
  });
}

/**
 * Sets an entry's autonomy on one component; `before` is null when it had this autonomy already. For owners and admins.
 * Throws NotFoundError, UsageError.
 */
export async function setAutonomyOn(
  { db, actor, catalogue }: { db: Db; actor: Actor; catalogue: Catalogue },
  { knowledge: given, component, autonomy }: ComponentAutonomy,
): Promise<{ entry: KnowledgeRow; before: KnowledgeRow['autonomy'] | null }> {
  authorise(actor, 'edit knowledge', 'admin');
  const entry = await knowledgeOf(db, given);
  checkAutonomy({ ...entry, autonomy }, catalogue, true);
  const about = { fingerprint: null, component, category: null };
  const { records, untouched, lift } = (await figuresOf(db, [entry.id], about)).get(entry.id)!;
  const change = {
    actor: storable(actor.name),
    figures: { ...records.component, untouched, lift },
  };
  const changed = await changing({ db, actor }, (trx) =>
    set(trx, entry.id, storable(component), autonomy, change),
  );
  return { entry, before: changed?.before ?? null };
}

/** `knowledge edit NAME --autonomy WORD --component C`: how freely an entry may act on one component. */
import { setAutonomyOn } from '../../data/bots/bot-knowledge-autonomy.ts';
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import { UsageError } from '../../ground/errors.ts';
import { figuresOf } from '../../heal/judging/figures.ts';
import { printable, storable } from '../../ground/text.ts';
import { actor } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { checkFreedom, type DefinitionOptions } from './definition.ts';
import { json, say } from '../terminal/print.ts';
import { knowledgeOf } from '../../services/references/named.ts';

export async function editOnComponent(
  given: string,
  component: string,
  autonomy: KnowledgeRow['autonomy'] | undefined,
  options: Pick<DefinitionOptions, 'as' | 'json'>,
): Promise<void> {
  if (autonomy === undefined || !component.trim())
    throw new UsageError({
      what: 'nothing was changed',
      why: component.trim()
        ? 'of an entry only its autonomy is said for one component'
        : '--component is empty',
      hint: `\`npx roundsman knowledge edit ${given} --autonomy suggest --component NAME\``,
    });
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db }) => {
    const entry = await knowledgeOf(db, given);
    checkFreedom({ ...entry, autonomy }, catalogue, true);
    const about = { fingerprint: null, component, category: null };
    const { records, untouched, lift } = (await figuresOf(db, [entry.id], about)).get(entry.id)!;
    const set = await setAutonomyOn(db, entry.id, storable(component), autonomy, {
      actor: storable(actor(options.as)),
      figures: { ...records.component, untouched, lift },
    });
    if (options.json) return json({ knowledge_id: entry.id, component, autonomy });
    const on = `${printable(entry.name)} on ${printable(component)}`;
    say(
      set
        ? `${on}: ${set.before} -> ${autonomy}`
        : `Nothing to change: ${on} is ${autonomy} already.`,
    );
  });
}

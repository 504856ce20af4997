/** `knowledge edit NAME --autonomy WORD --component C` */
import { printable } from '../../ground/text.ts';
import { editLetsActAlone } from '../../services/knowledge/acts-alone.ts';
import { onComponent, setAutonomyOn } from '../../services/knowledge/edit-component.ts';
import { unmetName } from '../../services/references/unmet.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { goesAhead } from '../terminal/ask.ts';
import { withDatabase } from '../session/database.ts';
import { definitionOf, type DefinitionOptions } from './definition.ts';
import { json, note, say } from '../terminal/print.ts';

export async function editOnComponent(
  given: string,
  named: string,
  options: DefinitionOptions,
): Promise<void> {
  const wanted = onComponent(given, named, definitionOf(options));
  const { component, autonomy } = wanted;
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db }) => {
    const unmet = await unmetName(db, 'component', component);
    if (unmet) note(unmet);
    const alone = await editLetsActAlone(
      { db, catalogue },
      { knowledge: given, edit: { autonomy }, component },
    );
    const question = `Let ${printable(given)} act alone on ${printable(component)}?`;
    if (alone && !(await goesAhead(options, question))) return;
    const context = { db, actor: actorOf(options.as), catalogue };
    const { entry, before } = await setAutonomyOn(context, wanted);
    if (options.json) return json({ knowledge_id: entry.id, component, autonomy });
    const on = `${printable(entry.name)} on ${printable(component)}`;
    say(
      before
        ? `${on}: ${before} -> ${autonomy}`
        : `Nothing to change: ${on} is ${autonomy} already.`,
    );
  });
}

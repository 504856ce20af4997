/** `knowledge edit NAME --autonomy WORD --component C` */
import { printable } from '../../ground/text.ts';
import { editLetsActAlone } from '../../services/knowledge/acts-alone.ts';
import { componentAutonomyOf, setAutonomyOn } from '../../services/knowledge/edit-component.ts';
import { unknownNameInWords } from '../../services/references/unknown-name.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { goesAhead } from '../terminal/ask.ts';
import { withDatabase } from '../session/database.ts';
import { definitionOf, type DefinitionOptions } from './definition.ts';
import { printJson, note, say } from '../terminal/print.ts';

export async function editOnComponent(
  given: string,
  named: string,
  options: DefinitionOptions,
): Promise<void> {
  const wanted = componentAutonomyOf(given, named, definitionOf(options));
  const { component, autonomy } = wanted;
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db }) => {
    const warning = await unknownNameInWords(db, 'component', component);
    if (warning) note(warning);
    const actsAlone = await editLetsActAlone(
      { db, catalogue },
      { knowledge: given, edit: { autonomy }, component },
    );
    const question = `Let ${printable(given)} act alone on ${printable(component)}?`;
    if (actsAlone && !(await goesAhead(options, question))) return;
    const context = { db, actor: actorOf(options.as), catalogue };
    const { entry, before } = await setAutonomyOn(context, wanted);
    if (options.json) return printJson({ knowledge_id: entry.id, component, autonomy });
    const on = `${printable(entry.name)} on ${printable(component)}`;
    say(
      before
        ? `${on}: ${before} -> ${autonomy}`
        : `Nothing to change: ${on} is ${autonomy} already.`,
    );
  });
}

import { fitting, printable } from '../../ground/text.ts';
import { editLetsActAlone } from '../../services/knowledge/acts-alone.ts';
import {
  editKnowledge as edit,
  editOf,
  type EditedKnowledge,
} from '../../services/knowledge/edit.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { goesAhead } from '../terminal/ask.ts';
import { withDatabase } from '../session/database.ts';
import { definitionOf, type DefinitionOptions } from './definition.ts';
import { tellWarnings, withWarnings } from './warnings.ts';
import { printJson, note, say } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/** How many characters are shown of a text before and after the edit. */
const maxShown = 60;
/** The most components that are named. */
const maxComponents = 10;

export async function editKnowledge(
  given: string,
  { component, ...options }: DefinitionOptions & { component?: string },
): Promise<void> {
  if (component !== undefined)
    return (await import('./edit-component.ts')).editOnComponent(given, component, options);
  const catalogue = await loadCatalogue();
  // Checked before the database is opened, so that a mistake is reported at once.
  const wanted = await editOf(definitionOf(options), catalogue);
  await withDatabase(async ({ db }) => {
    const actsAlone = await editLetsActAlone({ db, catalogue }, { knowledge: given, edit: wanted });
    if (actsAlone && !(await goesAhead(options, `Let ${printable(given)} act alone?`))) return;
    const edited = await edit(
      { db, actor: actorOf(options.as), catalogue },
      { knowledge: given, edit: wanted, maxOwn: maxComponents + 1 },
    );
    const { entry, before, changed, warnings } = edited;
    const isSet = wanted.autonomy !== undefined;
    if (before && isSet) tellOfComponents(edited);
    tellWarnings(warnings);
    if (options.json) return printJson({ ...entry, ...withWarnings(warnings) });
    if (!before) return say(`Nothing to change: ${entry.name} has these values already.`);
    table(
      ['Changed', 'Before', '', 'After'],
      changed.map((column) => [column, showValue(before[column]), '->', showValue(entry[column])]),
      '',
    );
    if (!isSet && changed.includes('autonomy'))
      note('the new solution has to earn auto again; `--autonomy auto` trusts it at once');
  });
}

const showValue = (value: unknown): string => printable(fitting(String(value), maxShown));

/** Components whose own autonomy still differs from the new autonomy of the entry. */
function tellOfComponents({ entry, before, own }: EditedKnowledge): void {
  if (own.length > 0) {
    const named = own
      .slice(0, maxComponents)
      .map((row) => `${printable(row.component)} (${row.autonomy})`);
    const more = own.length > maxComponents ? ' and more' : '';
    note(
      `components with an autonomy of their own keep it: ${named.join(', ')}${more}; \`--component\` changes one`,
    );
  }
  if (before?.autonomy === 'auto')
    note(
      `it can earn auto again by its outcomes; \`npx roundsman knowledge disable ${entry.name}\` stops it`,
    );
}

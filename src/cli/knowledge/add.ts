import { addKnowledge as insert } from '../../data/bots/bot-knowledge.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { actor } from '../arguments/actor.ts';
import { askFor } from '../terminal/ask.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { checkName, columnsOf, type DefinitionOptions } from './definition.ts';
import { tellOfCredentials, tellOfPattern, tellOfSecrets } from './warnings.ts';
import { json, say } from '../terminal/print.ts';

/** The name is in use; the entry that has it was not touched. */
export class KnowledgeNameTakenError extends RoundsmanError {}

export async function addKnowledge(name: string, options: DefinitionOptions): Promise<void> {
  checkName(name);
  const { autonomy = 'shadow' } = options;
  const category =
    options.category ?? (await askFor('--category', 'Category of the findings it is about'));
  const pattern =
    options.pattern ?? (await askFor('--pattern', 'Pattern in RE2 syntax, found in their text'));
  const solution =
    options.solution ??
    (options.solutionFile === undefined ? await askFor('--solution', 'What helps') : undefined);
  const catalogue = await loadCatalogue();
  const columns = await columnsOf(
    { ...options, category, pattern, ...(solution !== undefined && { solution }) },
    catalogue,
  );
  const values = {
    name,
    category: columns.category!,
    issue_pattern: columns.issue_pattern!,
    solution: columns.solution!,
    autonomy,
  };
  await withDatabase(async ({ db }) => {
    const entry = await insert(db, values, { actor: storable(actor(options.as)) });
    if (!entry)
      throw new KnowledgeNameTakenError({
        what: `the knowledge ${name} was not added`,
        why: 'an entry of that name exists',
        hint: `take another name, or change it: \`npx roundsman knowledge edit ${name}\``,
      });
    const warnings = [
      ...tellOfPattern(entry.issue_pattern),
      ...tellOfCredentials(entry),
      ...(await tellOfSecrets(db, entry)),
    ];
    if (options.json) return json({ ...entry, ...(warnings.length > 0 && { warnings }) });
    say(
      autonomy === 'shadow'
        ? `Added ${name} in shadow: it says what it would do, and does nothing yet.`
        : `Added ${name}: it suggests what helps on tickets.`,
    );
    say(`\`npx roundsman knowledge test\` tells what a pattern would have matched.`);
  });
}

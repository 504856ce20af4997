import {
  addKnowledge as add,
  checkName,
  checkPart,
  newKnowledge,
} from '../../services/knowledge/add.ts';
import { actorOf } from '../arguments/actor.ts';
import { askFor } from '../terminal/ask.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDraft, type Draft } from '../terminal/draft.ts';
import { withDatabase } from '../session/database.ts';
import { definitionOf, type DefinitionOptions } from './definition.ts';
import { tellWarnings, withWarnings } from './warnings.ts';
import { printJson, say } from '../terminal/print.ts';

type Catalogue = Awaited<ReturnType<typeof loadCatalogue>>;

interface AddOptions extends DefinitionOptions {
  autonomy?: 'shadow' | 'suggest';
}

/** What a person types to give this command a solution that was kept in a file. */
const asSolutionFile = (file: string): string => `--solution-file ${file}`;

export const addKnowledge = (name: string, options: AddOptions): Promise<void> =>
  withDraft(asSolutionFile, async (draft) => {
    checkName(name);
    const { autonomy = 'shadow' } = options;
    const catalogue = await loadCatalogue();
    const wanted = { name, autonomy, ...(await askForRest(options, catalogue, draft)) };
    // Checked before the database is opened, so that a mistake is reported at once.
    const values = await newKnowledge(wanted, catalogue);
    await withDatabase(async ({ db }) => {
      const { entry, newNameOfRemoved, warnings } = await add(
        { db, actor: actorOf(options.as) },
        { entry: values },
      );
      tellWarnings(warnings);
      if (options.json) return printJson({ ...entry, ...withWarnings(warnings) });
      say(
        autonomy === 'shadow'
          ? `Added ${name} in shadow: it only says what it would do.`
          : `Added ${name}: it suggests what helps on tickets.`,
      );
      if (newNameOfRemoved)
        say(`The removed entry that was called ${name} is ${newNameOfRemoved} now.`);
      say("`npx roundsman knowledge test 'PATTERN'` shows what a pattern would have matched.");
    });
  });

/** Category, pattern and solution; what was not given is asked for. */
async function askForRest(options: AddOptions, catalogue: Catalogue, draft: Draft) {
  const check = (part: DefinitionOptions) => checkPart(definitionOf(part), catalogue);
  // What was given is checked before anything is asked, and each answer at once.
  if (options.category !== undefined) await check({ category: options.category });
  if (options.pattern !== undefined) await check({ pattern: options.pattern });
  const category =
    options.category ??
    (await askFor('--category', 'Category of the findings it is about', {
      check: (text) => check({ category: text }),
    }));
  const pattern =
    options.pattern ??
    (await askFor('--pattern', 'Pattern in RE2 syntax, found in their text', {
      check: (text) => check({ pattern: text }),
    }));
  if (options.solutionFile !== undefined) draft.adopt(options.solutionFile);
  const isGiven = options.solution !== undefined || options.solutionFile !== undefined;
  const { solution } = definitionOf(
    isGiven
      ? options
      : {
          solution: await askFor('--solution', 'What helps', {
            check: (text) => check({ solution: text }),
            isProse: true,
            draft,
          }),
        },
  );
  return { category, pattern, solution: solution! };
}

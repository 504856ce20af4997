import { shellWord } from '../../ground/files/shell-word.ts';
import { printable } from '../../ground/text.ts';
import {
  addKnowledge as add,
  checkName,
  checkPart,
  newKnowledge,
  type NewKnowledge,
} from '../../services/knowledge/add.ts';
import { tryPattern } from '../../services/knowledge/try-pattern.ts';
import { actorOf } from '../arguments/actor.ts';
import { agrees, askFor, canAsk } from '../terminal/ask.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDraft, type Draft } from '../terminal/draft.ts';
import { withDatabase, type Session } from '../session/database.ts';
import { definitionOf, type DefinitionOptions } from './definition.ts';
import { tellWarnings, withWarnings } from './warnings.ts';
import { counted, note, noteCommand, printJson, say } from '../terminal/print.ts';

type Catalogue = Awaited<ReturnType<typeof loadCatalogue>>;

interface AddOptions extends DefinitionOptions {
  autonomy?: 'shadow' | 'suggest';
}

/** How far back a new pattern is tried on past findings, and how many of those that it matches are named. */
const triedDays = 30;
const shownExamples = 5;

/** What a person types to give this command a solution that was kept in a file. */
const asSolutionFile = (file: string): string => `--solution-file ${file}`;

export const addKnowledge = (givenName: string | undefined, options: AddOptions): Promise<void> =>
  withDraft(asSolutionFile, async (draft) => {
    const name = givenName ?? (await askFor('NAME', 'Name of the entry', { check: checkName }));
    checkName(name);
    const isAsked = canAsk() && isIncomplete(givenName, options);
    const { autonomy = 'shadow' } = options;
    const catalogue = await loadCatalogue();
    const wanted = { name, autonomy, ...(await askForRest(options, catalogue, draft)) };
    // Checked before the database is opened, so that a mistake is reported at once.
    const values = await newKnowledge(wanted, catalogue);
    await withDatabase(async ({ db }) => {
      if (isAsked && !(await isWanted(db, values))) return draft.keepAnyway();
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

const isIncomplete = (name: string | undefined, options: AddOptions): boolean =>
  [name, options.category, options.pattern, options.solution ?? options.solutionFile].includes(
    undefined,
  );

/** Says what the pattern would have matched, and the same as one command; then asks. */
async function isWanted(db: Session['db'], values: NewKnowledge): Promise<boolean> {
  const { found, warnings } = await tryPattern(db, {
    pattern: values.issue_pattern,
    since: triedDays * 86_400,
  });
  tellWarnings(warnings);
  const { matched, fingerprints, examples, wrongMatches, cut } = found;
  note(
    `its pattern would have matched ${counted(matched, 'finding')}${cut === null ? '' : ' or more'} of ${counted(fingerprints, 'problem')} of the last ${triedDays} days`,
  );
  for (const { title } of examples.slice(0, shownExamples)) note(`  ${printable(title)}`, '    ');
  for (const { name, findings } of wrongMatches)
    note(`${counted(findings, 'finding')} of these ${printable(name)} has cured`);
  note('the same as one command:');
  noteCommand(asCommand(values));
  if (await agrees('Add it?', 'every option')) return true;
  note('nothing was added');
  return false;
}

/** The entry as a command that asks nothing. */
const asCommand = ({ name, category, issue_pattern, solution, autonomy }: NewKnowledge): string =>
  [
    'npx roundsman knowledge add',
    shellWord(name),
    `--category ${shellWord(category)}`,
    `--pattern ${shellWord(issue_pattern)}`,
    `--solution ${shellWord(solution)}`,
    ...(autonomy === 'shadow' ? [] : [`--autonomy ${autonomy}`]),
  ].join(' ');

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

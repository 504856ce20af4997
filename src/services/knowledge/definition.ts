/** The content of an entry of knowledge as a person gives it, checked before anything is written. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { knowledgeName } from '../../catalogue/names.ts';
import { readSolution, riskOf } from '../../catalogue/solution.ts';
import type { KnowledgeEdit, KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { checkPattern } from '../../heal/patterns/pattern.ts';
import { solutionOf, type GivenSolution } from './solution.ts';

export interface KnowledgeDefinition {
  category?: string | undefined;
  pattern?: string | undefined;
  solution?: GivenSolution | undefined;
  autonomy?: KnowledgeRow['autonomy'] | undefined;
  halfLifeDays?: number | undefined;
}

/** How many characters `bot_knowledge.category` holds. */
const maxCategoryLetters = 50;

/** Throws {@link UsageError} for a name that the table would refuse. */
export function checkName(name: string): void {
  if (knowledgeName.test(name)) return;
  throw new UsageError({
    what: `${name.slice(0, 120) || 'an empty text'} cannot be the name of knowledge`,
    why: 'a name is at most 100 lower-case letters, digits, dots and dashes, and begins with a letter or digit',
    hint: 'for example session.expired',
  });
}

/**
 * The columns for the given options. Throws {@link UsageError}; for a pattern and a playbook it says where the
 * mistake is.
 */
export async function columnsOf(
  { category, pattern: typed, autonomy, halfLifeDays, ...given }: KnowledgeDefinition,
  catalogue: Catalogue,
): Promise<KnowledgeEdit> {
  if (category !== undefined) checkCategory(category);
  const pattern = typed && patternOf(typed);
  if (pattern !== undefined) checkPattern(pattern);
  const solution = given.solution && (await solutionOf(given.solution, catalogue));
  return {
    ...(category !== undefined && { category: storable(category.trim()) }),
    ...(pattern !== undefined && { issue_pattern: pattern }),
    ...(solution !== undefined && { solution }),
    ...(autonomy !== undefined && { autonomy }),
    ...(halfLifeDays !== undefined && { half_life_days: halfLifeDays }),
  };
}

/** Without the line break that a text of several lines in YAML ends with: a pattern with it would match almost nothing. */
export const patternOf = (text: string): string => text.replace(/[\r\n]+$/, '');

function checkCategory(category: string): void {
  const { length } = [...category.trim()];
  if (length > 0 && length <= maxCategoryLetters) return;
  throw new UsageError({
    what: '--category cannot be used',
    why: length === 0 ? 'it is empty' : `it is longer than ${maxCategoryLetters} characters`,
    hint: 'give the category of the findings that it is about, for example sessions',
  });
}

/** Throws {@link UsageError} for an entry that would act alone but may not. `isAskedFor`: a person has asked for `auto`. */
export function checkAutonomy(
  entry: Pick<KnowledgeRow, 'autonomy' | 'solution'>,
  catalogue: Catalogue,
  isAskedFor: boolean,
): void {
  if (entry.autonomy !== 'auto') return;
  const solution = readSolution(entry.solution, catalogue);
  const refuse = (why: string, hint: string) =>
    new UsageError({ what: 'this entry cannot be auto', why, hint });
  if (solution.kind === 'playbook' && riskOf(solution.steps) === 'irreversible')
    throw refuse(
      "a step of its playbook is irreversible, and such a step always needs a person's approval",
      'give --autonomy suggest: a person gets the suggestion on a ticket, and `tickets approve` has it done',
    );
  if (isAskedFor && solution.kind === 'prose')
    throw refuse(
      'its solution is advice, and only a playbook can be carried out',
      'give --autonomy suggest: the ticket shows the advice, and a person follows it',
    );
  if (isAskedFor && solution.kind === 'broken')
    throw refuse(
      `its playbook cannot run: ${solution.why}`,
      'correct the playbook first, with --solution or --solution-file',
    );
}

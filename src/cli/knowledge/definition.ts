/** What an entry of knowledge says, as options give it, checked before anything is written. */
import { createReadStream } from 'node:fs';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { knowledgeName } from '../../catalogue/names.ts';
import type { KnowledgeEdit, KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import { messageOf, UsageError } from '../../ground/errors.ts';
import { checkPattern } from '../../heal/patterns/pattern.ts';
import { readSolution, riskOf } from '../../catalogue/solution.ts';
import { isPlaybook, PlaybookError, readPlaybook } from '../../playbook/read.ts';
import { mostBytes } from '../../playbook/shape.ts';
import { storable } from '../../ground/text.ts';

export interface DefinitionOptions {
  category?: string;
  pattern?: string;
  solution?: string;
  solutionFile?: string;
  autonomy?: KnowledgeRow['autonomy'];
  halfLifeDays?: number;
  as?: string;
  json?: true;
}

/** Characters that `bot_knowledge.category` holds. */
const longestCategory = 50;

/** Throws {@link UsageError} for a name that the table would refuse. */
export function checkName(name: string): void {
  if (knowledgeName.test(name)) return;
  throw new UsageError({
    what: `${name.slice(0, 120) || 'an empty text'} cannot be the name of knowledge`,
    why: 'a name is at most 100 lower-case letters, digits, dots and dashes, and begins with a letter or digit',
    hint: 'for example session.expired',
  });
}

/** The columns that the given options set. Throws {@link UsageError}; a pattern and a playbook say where it is wrong. */
export async function columnsOf(
  options: DefinitionOptions,
  catalogue: Catalogue,
): Promise<KnowledgeEdit> {
  const { category, pattern, autonomy, halfLifeDays } = options;
  if (category !== undefined) checkCategory(category);
  if (pattern !== undefined) checkPattern(pattern);
  const solution = await solutionOf(options, catalogue);
  return {
    ...(category !== undefined && { category: storable(category.trim()) }),
    ...(pattern !== undefined && { issue_pattern: pattern }),
    ...(solution !== undefined && { solution }),
    ...(autonomy !== undefined && { autonomy }),
    ...(halfLifeDays !== undefined && { half_life_days: halfLifeDays }),
  };
}

function checkCategory(category: string): void {
  const { length } = [...category.trim()];
  if (length > 0 && length <= longestCategory) return;
  throw new UsageError({
    what: '--category cannot be used',
    why: length === 0 ? 'it is empty' : `it is longer than ${longestCategory} characters`,
    hint: 'give the category of the findings that it is about, for example sessions',
  });
}

async function solutionOf(
  { solution: given, solutionFile }: DefinitionOptions,
  catalogue: Catalogue,
): Promise<string | undefined> {
  if (given === undefined && solutionFile === undefined) return undefined;
  const place = solutionFile === undefined ? '--solution' : nameOf(solutionFile);
  const solution = storable(solutionFile === undefined ? given! : await textOf(solutionFile));
  if (!solution.trim() || Buffer.byteLength(solution) > mostBytes)
    throw unusable(place, solution.trim() ? tooLong : 'it is empty');
  // A slip in the first word of a playbook would make advice of it, which nobody carries out.
  const meant = /\.ya?ml$/i.test(solutionFile ?? '');
  if (!meant && !isPlaybook(solution)) return solution;
  try {
    readPlaybook(solution, catalogue);
  } catch (error) {
    if (!(error instanceof PlaybookError)) throw error;
    const { what, hint } = error;
    const reasons = error.at(place);
    throw new UsageError({ what, why: reasons.join('; '), hint, reasons }, { cause: error });
  }
  if (!isPlaybook(solution)) throw unusable(place, 'the first word of a playbook is `steps:`');
  return solution;
}

const tooLong = `it is longer than ${mostBytes} bytes`;

const nameOf = (file: string): string => (file === '-' ? 'standard input' : file);

const unusable = (place: string, why: string, cause?: unknown): UsageError =>
  new UsageError(
    {
      what: 'the solution cannot be used',
      why: `${place}: ${why}`,
      hint: 'give advice in a few sentences, or a playbook as docs/remedies.md describes it',
    },
    { cause },
  );

/** A file's text, or what comes on standard input for `-`. */
async function textOf(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > mostBytes) break;
    }
  } catch (error) {
    throw unusable(nameOf(file), messageOf(error), error);
  }
  if (bytes > mostBytes) throw unusable(nameOf(file), tooLong);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw unusable(nameOf(file), 'it is no UTF-8', error);
  }
}

/** Throws {@link UsageError} for an entry that would act alone and may not. `wanted` says that somebody asks for it. */
export function checkFreedom(
  entry: Pick<KnowledgeRow, 'autonomy' | 'solution'>,
  catalogue: Catalogue,
  wanted: boolean,
): void {
  if (entry.autonomy !== 'auto') return;
  const solution = readSolution(entry.solution, catalogue);
  const refuse = (why: string) =>
    new UsageError({
      what: 'this entry cannot be auto',
      why,
      hint: 'give --autonomy suggest: it is brought to a person, who approves it with one key',
    });
  if (solution.kind === 'playbook' && riskOf(solution.steps) === 'irreversible')
    throw refuse('a step of its playbook is irreversible, and what cannot be undone always asks');
  if (wanted && solution.kind === 'prose')
    throw refuse('its solution is advice, and only a playbook can be carried out');
  if (wanted && solution.kind === 'broken')
    throw refuse(`its playbook cannot run: ${solution.why}`);
}

import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { addKnowledge as insert } from '../../transitions/knowledge/add.ts';
import { authorise, type Actor } from '../actor.ts';
import { columnsOf, type KnowledgeDefinition } from './definition.ts';
import { categoryWarnings, warningsOf, type KnowledgeWarning } from './warnings.ts';

export { checkName } from './definition.ts';

/** An entry of knowledge has this name already; it was not touched. */
export class KnowledgeNameTakenError extends RoundsmanError {}

export type NewKnowledge = Pick<
  KnowledgeRow,
  'name' | 'category' | 'issue_pattern' | 'solution' | 'autonomy'
>;

type Wanted = Required<Pick<KnowledgeDefinition, 'category' | 'pattern' | 'solution'>> & {
  name: string;
  /** more autonomy has to be earned, or given by an edit */
  autonomy: 'shadow' | 'suggest';
};

/** An entry that can be added. Throws UsageError; for a pattern and a playbook it says where the mistake is. */
export async function newKnowledge(
  { name, autonomy, ...wanted }: Wanted,
  catalogue: Catalogue,
): Promise<NewKnowledge> {
  const columns = await columnsOf(wanted, catalogue);
  return {
    name,
    category: columns.category!,
    issue_pattern: columns.issue_pattern!,
    solution: columns.solution!,
    autonomy,
  };
}

/** Checks one part of an entry as soon as it is given. Throws as {@link newKnowledge} does. */
export const checkPart = async (part: KnowledgeDefinition, catalogue: Catalogue): Promise<void> =>
  void (await columnsOf(part, catalogue));

/**
 * Adds an entry. A removed entry that has the name is renamed to `newNameOfRemoved`. For owners and admins. Throws
 * {@link KnowledgeNameTakenError}.
 */
export async function addKnowledge(
  { db, actor }: { db: Db; actor: Actor },
  { entry: values }: { entry: NewKnowledge },
): Promise<{ entry: KnowledgeRow; newNameOfRemoved: string | null; warnings: KnowledgeWarning[] }> {
  authorise(actor, 'add knowledge', 'admin');
  const warningsOfCategory = await categoryWarnings(db, values.category);
  const added = await inTransaction(db, (trx) =>
    insert(trx, values, { actor: storable(actor.name) }),
  );
  if (added)
    return { ...added, warnings: [...warningsOfCategory, ...(await warningsOf(db, added.entry))] };
  const { name } = values;
  throw new KnowledgeNameTakenError({
    what: `the knowledge ${name} was not added`,
    why: 'an entry of that name exists',
    hint: `take another name, or change it: \`npx roundsman knowledge edit ${name}\``,
  });
}

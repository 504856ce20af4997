import type { Catalogue } from '../../catalogue/catalogue.ts';
import {
  autonomyAfter,
  type KnowledgeEdit,
  type KnowledgeRow,
} from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { figuresOf } from '../../heal/judging/figures.ts';
import { editKnowledge as edit } from '../../transitions/knowledge/edit.ts';
import { authorise, type Actor } from '../actor.ts';
import { knowledgeOf } from '../references/named.ts';
import { checkAutonomy, columnsOf, type KnowledgeDefinition } from './definition.ts';
import { differingAutonomies } from './differing-autonomies.ts';
import { aboutAll } from './show.ts';
import { categoryWarnings, warningsOf, type KnowledgeWarning } from './warnings.ts';

export interface EditedKnowledge {
  /** the entry after the edit */
  entry: KnowledgeRow;
  /** the entry before; null when nothing had to be changed */
  before: KnowledgeRow | null;
  /** the columns that were changed; also `autonomy`, if the entry lost it because its solution was replaced */
  changed: (keyof KnowledgeEdit)[];
  /**
   * components whose autonomy still differs from the entry's, `maxOwn` at most; read only if the edit sets the entry's autonomy
   */
  own: { component: string; autonomy: KnowledgeRow['autonomy'] }[];
  warnings: KnowledgeWarning[];
}

/**
 * The columns that an edit sets. Throws UsageError for an edit that sets nothing, or for values that cannot be used.
 */
export async function editOf(
  definition: KnowledgeDefinition,
  catalogue: Catalogue,
): Promise<KnowledgeEdit> {
  const wanted = await columnsOf(definition, catalogue);
  if (Object.keys(wanted).length > 0) return wanted;
  throw new UsageError({
    what: 'nothing was changed',
    why: 'no option says what to change',
    hint: '`npx roundsman knowledge edit --help` lists them',
  });
}

/**
 * Changes the given columns and nothing else. If the entry's autonomy is lowered, a component's own autonomy is lowered with it;
 * otherwise a component keeps what its outcomes have set. An autonomy that an admin has set is judged by later outcomes only. For
 * owners and admins. Throws NotFoundError, and UsageError for an entry that would act alone but may not.
 */
export async function editKnowledge(
  { db, actor, catalogue }: { db: Db; actor: Actor; catalogue: Catalogue },
  {
    knowledge: given,
    edit: wanted,
    maxOwn,
  }: {
    knowledge: string;
    edit: KnowledgeEdit;
    maxOwn: number;
  },
): Promise<EditedKnowledge> {
  authorise(actor, 'edit knowledge', 'admin');
  const { id } = await knowledgeOf(db, given);
  const checkEdit = (entry: KnowledgeRow): KnowledgeEdit => {
    const autonomy = autonomyAfter(entry, wanted);
    checkAutonomy({ ...entry, ...wanted, autonomy }, catalogue, wanted.autonomy !== undefined);
    return wanted;
  };
  const change = {
    actor: storable(actor.name),
    figures: wanted.autonomy && (await figuresNow(db, id)),
  };
  const warningsOfCategory = await categoryWarnings(db, wanted.category);
  const edited = await inTransaction(db, (trx) => edit(trx, id, checkEdit, change));
  const own = edited && wanted.autonomy ? await differingAutonomies(db, edited.after, maxOwn) : [];
  const entry = edited?.after ?? (await knowledgeOf(db, id));
  return {
    entry,
    before: edited?.before ?? null,
    changed: edited ? changedOf(wanted, edited) : [],
    own,
    warnings: [...warningsOfCategory, ...(await warningsOf(db, entry))],
  };
}

const changedOf = (
  wanted: KnowledgeEdit,
  { before, after }: { before: KnowledgeRow; after: KnowledgeRow },
): (keyof KnowledgeEdit)[] =>
  [...new Set([...(Object.keys(wanted) as (keyof KnowledgeEdit)[]), 'autonomy' as const])].filter(
    (column) => before[column] !== after[column],
  );

/** The present figures, which the entry's history records with the change, as it does for the engine's own changes. */
async function figuresNow(db: Db, id: string): Promise<object> {
  const { records, untouched, lift } = (await figuresOf(db, [id], aboutAll)).get(id)!;
  return { ...records.all, untouched, lift };
}

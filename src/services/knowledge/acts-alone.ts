import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { KnowledgeEdit } from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { knowledgeOf } from '../references/named.ts';
import { checkAutonomy } from './definition.ts';

/**
 * Whether after an edit an entry acts alone, on one component or everywhere, and before it does not: a person has to confirm that.
 * Throws NotFoundError, and UsageError for an entry that may not act alone at all.
 */
export async function editLetsActAlone(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  { knowledge, edit, component }: { knowledge: string; edit: KnowledgeEdit; component?: string },
): Promise<boolean> {
  if (edit.autonomy !== 'auto') return false;
  const entry = await knowledgeOf(db, knowledge);
  checkAutonomy({ ...entry, ...edit }, catalogue, true);
  const override = (await componentAutonomies(db, entry.id)).find(
    (row) => row.component === component,
  );
  return (override ?? entry).autonomy !== 'auto';
}

/** Whether enabling an entry lets it act alone again. Throws NotFoundError. */
export async function enablingLetsActAlone(
  db: Db,
  { knowledge }: { knowledge: string },
): Promise<boolean> {
  const entry = await knowledgeOf(db, knowledge);
  if (entry.enabled) return false;
  return [entry, ...(await componentAutonomies(db, entry.id))].some(
    ({ autonomy }) => autonomy === 'auto',
  );
}

const componentAutonomies = (db: Db, knowledge: string) =>
  db
    .selectFrom('bot_knowledge_autonomy')
    .select(['component', 'autonomy'])
    .where('knowledge_id', '=', knowledge)
    .execute();

import { sql } from 'kysely';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { approvalUsed } from '../../data/bots/bot-decisions.ts';
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { knowledgeOf } from '../references/named.ts';

/** What depends on an entry of knowledge. */
export interface KnowledgeDependents {
  /** steps of its heals that are not concluded: begun, or still to be verified or to hold */
  openActions: number;
  /** suggestions about open findings that no person has answered */
  suggestions: number;
  /** suggestions that were approved and wait for a run */
  approvals: number;
  /** decisions that left a finding alone, of which it is not known yet what becomes of it */
  decisions: number;
  /** components on which it has an autonomy of its own */
  components: number;
  /** bots of the catalogue whose code has this entry */
  seedOf: string[];
}

const count = sql<number>`count(*)::int`;

/** An entry by name or id, and what depends on it. Throws NotFoundError. */
export async function showDependents(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  { knowledge: given }: { knowledge: string },
): Promise<{ entry: KnowledgeRow; dependents: KnowledgeDependents }> {
  const entry = await knowledgeOf(db, given);
  const { rows } = await sql<Omit<KnowledgeDependents, 'seedOf'>>`
    SELECT
      (SELECT ${count} FROM bot_actions a
       WHERE a.knowledge_id = k.id AND a.state IN ('intent', 'applied', 'verified', 'unknown')) AS "openActions",
      (SELECT count(DISTINCT d.finding_id)::int FROM bot_decisions d JOIN bot_findings f ON f.id = d.finding_id
       WHERE d.knowledge_id = k.id AND d.verdict = 'suggested' AND d.answer IS NULL AND f.resolved_at IS NULL) AS suggestions,
      (SELECT ${count} FROM bot_decisions d JOIN bot_findings f ON f.id = d.finding_id
       WHERE d.knowledge_id = k.id AND d.verdict <> 'shadowed' AND d.answer = 'approved' AND f.resolved_at IS NULL
         AND NOT ${approvalUsed('d')}) AS approvals,
      (SELECT ${count} FROM bot_decisions d WHERE d.knowledge_id = k.id AND d.outcome = 'pending') AS decisions,
      (SELECT ${count} FROM bot_knowledge_autonomy o WHERE o.knowledge_id = k.id) AS components
    FROM bot_knowledge k WHERE k.id = ${entry.id}::uuid`.execute(db);
  const seedOf = catalogue.bots
    .filter(({ knowledge = [] }) => knowledge.some(({ name }) => name === entry.catalogue_name))
    .map(({ name }) => name);
  return { entry, dependents: { ...rows[0]!, seedOf } };
}

/**
 * Writes one row of an entry's history, with the figures that are the reason of a change of autonomy.
 *
 * From: any state of an entry.
 * To: one more row of `bot_knowledge_events`.
 * By: the transition that makes the change.
 * Locks: only the new row.
 * Zero rows: none.
 */
import { sql, type Transaction } from 'kysely';
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Database } from '../../database/connect.ts';
import { autonomyRank } from '../../ground/autonomy.ts';

/** Who changes an entry; why, if that is known; and the figures, if the change is about its autonomy. */
export interface Change {
  actor: string;
  why?: string | null;
  figures?: object | undefined;
}

export interface KnowledgeEvent {
  event:
    | 'added'
    | 'edited'
    | 'promoted'
    | 'demoted'
    | 'kept'
    | 'enabled'
    | 'disabled'
    | 'renamed'
    | 'removed';
  /** null for the whole entry */
  component?: string | null;
  before: object | null;
  after: object;
  figures?: object | undefined;
}

/** The name of the event for a change of autonomy. */
export function nameOfChange(
  before: KnowledgeRow['autonomy'],
  after: KnowledgeRow['autonomy'],
): 'promoted' | 'demoted' | 'kept' {
  const gained = autonomyRank(after) - autonomyRank(before);
  return gained === 0 ? 'kept' : gained > 0 ? 'promoted' : 'demoted';
}

export async function writeEvent(
  trx: Transaction<Database>,
  knowledge_id: string,
  { event, component = null, before, after, figures }: KnowledgeEvent,
  { actor, why }: Change,
): Promise<void> {
  await trx
    .insertInto('bot_knowledge_events')
    .values({
      knowledge_id,
      component,
      event,
      before: before && JSON.stringify(before),
      after: JSON.stringify(after),
      figures: JSON.stringify({ ...(why && { why }), ...figures }),
      actor,
      created_at: sql<Date>`engine.now()`,
      // From where the change of this transaction comes, and which version of the entry it made: the trigger of the entry has just
      // written that. A change on one component makes none.
      source: sql<string>`(SELECT source FROM engine.change_context())`,
      place: sql<string | null>`(SELECT place FROM engine.change_context())`,
      version:
        component === null
          ? sql<number | null>`(SELECT max(d.version) FROM engine.definition_changes d
              WHERE d.kind = 'knowledge' AND d.definition = ${knowledge_id}::text)`
          : null,
    })
    .execute();
}

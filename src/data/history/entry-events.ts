/**
 * The history of an entry of knowledge: the events that Roundsman writes with its changes, with the figures that were their
 * reason, and the changes for which there is no event, because a statement by hand or a migration made them.
 */
import { sql, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { countRows } from '../../database/rows/count-rows.ts';
import { timeOf, type Since } from '../../database/rows/since.ts';
import type { BotKnowledgeEvents } from '../../database/tables.ts';
import { rowLimit } from '../bots/row-limit.ts';

/** `id` is null where no event stands for the change. */
export type EntryEvent = Omit<Selectable<BotKnowledgeEvents>, 'id'> & { id: string | null };

const eventsOf = (db: Db, id: string, since: Since | undefined) => {
  const from = (column: string) =>
    since === undefined ? sql`true` : sql`${sql.ref(column)} >= ${timeOf(since)}`;
  return db.selectFrom(
    sql<EntryEvent>`(
      SELECT e.* FROM (
        SELECT id, knowledge_id, component, event, before, after, figures, actor, created_at, version, source, place, id AS place_in_time
        FROM bot_knowledge_events WHERE knowledge_id = ${id}::uuid AND ${from('created_at')}
        UNION ALL
        SELECT NULL, ${id}::uuid, NULL, CASE event WHEN 'changed' THEN 'edited' ELSE event END,
               (SELECT jsonb_object_agg(a.key, d.before -> a.key) FROM jsonb_each(d.after) a), coalesce(d.after, '{}'), NULL, actor,
               changed_at, version, source, place, NULL
        FROM engine.definition_changes d
        WHERE d.kind = 'knowledge' AND d.definition = ${id} AND d.event <> 'added' AND d.source IN ('sql', 'migration') AND ${from('changed_at')}
          AND NOT EXISTS (SELECT FROM bot_knowledge_events w WHERE w.knowledge_id = ${id}::uuid AND w.version = d.version)
      ) e)`.as('e'),
  );
};

/** The newest first, `limit` at most. Throws BadInputError. */
export const entryEvents = (
  db: Db,
  id: string,
  limit: number,
  since?: Since,
): Promise<EntryEvent[]> =>
  eventsOf(db, id, since)
    .select([
      'id',
      'knowledge_id',
      'component',
      'event',
      'before',
      'after',
      'figures',
      'actor',
      'created_at',
      'version',
      'source',
      'place',
    ])
    .orderBy('created_at', 'desc')
    .orderBy(sql`place_in_time`, (order) => order.desc().nullsLast())
    .limit(rowLimit(limit))
    .execute();

/** How many there are; null: very many. */
export const countEntryEvents = (db: Db, id: string, since?: Since) =>
  countRows(db, eventsOf(db, id, since));

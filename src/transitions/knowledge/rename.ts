/**
 * An entry gets another name; other rows refer to it by its id. If a removed entry has the wanted name, that entry's name
 * becomes its old name with the first digits of its id. Writes an event.
 *
 * From: any entry, removed or not.
 * To: the same, with the new `name`.
 * By: an admin (`knowledge rename`; `knowledge add`, when a removed entry has the name).
 * Locks: the entry and the removed entry that has the name, by id.
 * Zero rows: an entry that is not removed has the name, or the entry no longer has the name that the caller has read.
 */
import { sql, type Transaction } from 'kysely';
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent, type Change } from './write-event.ts';

export interface RenamedKnowledge {
  entry: KnowledgeRow;
  /** the new name of the removed entry that had the wanted one */
  newNameOfRemoved: string | null;
}

/** Undefined for zero rows. A race with another session for the name ends in a unique violation. */
export async function renameKnowledge(
  trx: Transaction<Database>,
  { id, name: from }: { id: string; name: string },
  to: string,
  change: Change,
): Promise<RenamedKnowledge | undefined> {
  await sql`
    SELECT FROM bot_knowledge WHERE id = ${id}::uuid OR (name = ${to} AND removed_at IS NOT NULL)
    -- Locks bot_knowledge by id.
    ORDER BY id FOR NO KEY UPDATE`.execute(trx);
  const newNameOfRemoved = await renameRemovedEntry(trx, to, change, id);
  const entry = await trx
    .updateTable('bot_knowledge')
    .set({ name: to })
    .where('id', '=', id)
    .where('name', '=', from)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom('bot_knowledge as other').select('id').where('other.name', '=', to),
        ),
      ),
    )
    .returningAll()
    .executeTakeFirst();
  if (!entry) return undefined;
  const event = { event: 'renamed' as const, before: { name: from }, after: { name: to } };
  await writeEvent(trx, id, event, change);
  return { entry, newNameOfRemoved };
}

/**
 * Gives a removed entry that has this name another one, and returns the new name; null if no removed entry has this name. The entry
 * `exceptId` keeps its name.
 */
export async function renameRemovedEntry(
  trx: Transaction<Database>,
  name: string,
  change: Change,
  exceptId: string | null = null,
): Promise<string | null> {
  const { rows } = await sql<{ id: string; name: string }>`
    UPDATE bot_knowledge k SET name = (
      SELECT free.name FROM unnest(ARRAY[left(k.name, 91) || '-' || left(k.id::text, 8), left(k.name, 63) || '-' || k.id])
        WITH ORDINALITY AS free (name, place)
      WHERE NOT EXISTS (SELECT FROM bot_knowledge other WHERE other.name = free.name) ORDER BY free.place LIMIT 1)
    WHERE k.name = ${name} AND k.removed_at IS NOT NULL AND k.id IS DISTINCT FROM ${exceptId}::uuid
    RETURNING k.id, k.name`.execute(trx);
  const [moved] = rows;
  if (!moved) return null;
  const event = { event: 'renamed' as const, before: { name }, after: { name: moved.name } };
  await writeEvent(trx, moved.id, event, { ...change, why: 'another entry took its name' });
  return moved.name;
}

/**
 * Adds an entry of knowledge, and writes a row of `bot_knowledge_events`.
 *
 * From: no entry of the name, or one that was removed.
 * To: `shadow`, or another autonomy when a person says so.
 * By: an operator who learns from a ticket, in shadow; an admin.
 * Locks: the new row, and a removed entry that has the name and gets another one (rename.ts).
 * Zero rows: the name is taken: undefined is returned.
 */
import { sql, type Transaction } from 'kysely';
import { contentOf, type KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Database } from '../../database/connect.ts';
import { renameRemovedEntry } from './rename.ts';
import { writeEvent, type Change } from './write-event.ts';

/** `newNameOfRemoved`: the new name of the removed entry that had this name; null when there was none. */
export async function addKnowledge(
  trx: Transaction<Database>,
  values: Pick<KnowledgeRow, 'name' | 'category' | 'issue_pattern' | 'solution' | 'autonomy'>,
  change: Change,
): Promise<{ entry: KnowledgeRow; newNameOfRemoved: string | null } | undefined> {
  // Tells the trigger entry_added that this insert is on purpose; it skips inserts by which an older process would
  // register a renamed entry again.
  await sql`SELECT set_config('engine.adds_anew', 'on', true)`.execute(trx);
  const newNameOfRemoved = await renameRemovedEntry(trx, values.name, change);
  const entry = await trx
    .insertInto('bot_knowledge')
    .values(values)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!entry) return undefined;
  const after = { ...contentOf(entry), autonomy: entry.autonomy };
  await writeEvent(trx, entry.id, { event: 'added', before: null, after }, change);
  return { entry, newNameOfRemoved };
}

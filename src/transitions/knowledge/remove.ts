/**
 * An entry is removed: it is not enabled, matches nothing, lists leave it out, and another entry may take its name. Its
 * row stays, because its history needs it; `knowledge enable` takes the removal back. Writes an event.
 *
 * From: enabled or not, and not removed.
 * To: not enabled, with `removed_at`. What it has begun is concluded as usual.
 * By: an admin (`knowledge remove`).
 * Locks: the entry.
 * Zero rows: it was removed before: undefined is returned.
 */
import { sql, type Transaction } from 'kysely';
import type { KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent, type Change } from './write-event.ts';

export async function removeKnowledge(
  trx: Transaction<Database>,
  id: string,
  change: Change,
): Promise<KnowledgeRow | undefined> {
  const entry = await trx
    .updateTable('bot_knowledge')
    .set({ enabled: false, removed_at: sql<Date>`engine.now()` })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (!entry) return undefined;
  await writeEvent(trx, id, { event: 'removed', before: null, after: {} }, change);
  return entry;
}

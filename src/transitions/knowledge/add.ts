/**
 * Adds an entry of knowledge, with an event.
 *
 * From: no entry of the name.
 * To: `shadow`, or another autonomy when a person says so.
 * By: an operator who learns from a ticket, in shadow; an admin.
 * Locks: only the new row.
 * Zero rows: the name is taken: undefined is returned.
 */
import type { Transaction } from 'kysely';
import { contentOf, type KnowledgeRow } from '../../data/bots/bot-knowledge.ts';
import type { Database } from '../../database/connect.ts';
import { writeEvent, type Change } from './write-event.ts';

export async function addKnowledge(
  trx: Transaction<Database>,
  values: Pick<KnowledgeRow, 'name' | 'category' | 'issue_pattern' | 'solution' | 'autonomy'>,
  change: Change,
): Promise<KnowledgeRow | undefined> {
  const entry = await trx
    .insertInto('bot_knowledge')
    .values(values)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!entry) return undefined;
  const after = { ...contentOf(entry), autonomy: entry.autonomy };
  await writeEvent(trx, entry.id, { event: 'added', before: null, after }, change);
  return entry;
}

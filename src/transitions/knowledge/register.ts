/**
 * Inserts the catalogue's entries that the database does not have. Existing entries stay as they are: an admin's edit
 * is never overwritten.
 *
 * From: no entry of the name.
 * To: the autonomy that the catalogue says, or `shadow`.
 * By: a process that starts, with its catalogue.
 * Locks: only new rows, by name: another process may insert the same ones, with a catalogue of another version.
 * Zero rows: all of them exist already.
 */
import type { Insertable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { BotKnowledge } from '../../database/tables.ts';

type Seed = Pick<
  Insertable<BotKnowledge>,
  'name' | 'category' | 'issue_pattern' | 'solution' | 'autonomy'
>;

/**
 * Returns the names of the entries that were inserted. `seeds` are in the order of names. It is one statement, so it
 * needs no transaction.
 */
export async function registerKnowledge(db: Db, seeds: Seed[]): Promise<string[]> {
  if (seeds.length === 0) return [];
  const inserted = await db
    .insertInto('bot_knowledge')
    .values(seeds)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('name')
    .execute();
  return inserted.map(({ name }) => name);
}

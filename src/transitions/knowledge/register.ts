/**
 * Inserts the catalogue's entries that were never registered. Existing entries stay as they are: an admin's edit is never
 * overwritten, and an entry that was renamed or removed is not inserted again.
 *
 * From: no entry of the name, and none that was registered as the same one.
 * To: the autonomy that the catalogue says, or `shadow`.
 * By: a process that starts, with its catalogue.
 * Locks: only new rows, by name: another process may insert the same ones, with a catalogue of another version.
 * Zero rows: all of them were registered before, or their names are taken.
 */
import type { Insertable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { BotKnowledge } from '../../database/tables.ts';

type Seed = Pick<
  Insertable<BotKnowledge>,
  'name' | 'catalogue_name' | 'category' | 'issue_pattern' | 'solution' | 'autonomy'
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
    .onConflict((conflict) => conflict.doNothing())
    .returning('name')
    .execute();
  return inserted.map(({ name }) => name);
}

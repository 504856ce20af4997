/**
 * Which migrations were applied. Every command asks that, so it does without the migrator of Kysely, which is a third of what
 * a command would load and reads the columns of all tables to find its own two.
 */
import type { Kysely } from 'kysely';
import { extentWith, namesOf, readApplied, type Extent } from './extent.ts';

export interface MigrationStatus {
  name: string;
  /** undefined while it is pending */
  executedAt: Date | undefined;
}

/** The migrations that a database lacks are those of this extent; without `--only bots` an empty one becomes whole. */
const targetOf = (has: Extent): Exclude<Extent, 'none'> => (has === 'none' ? 'whole' : has);

/** Every migration with the time at which it was applied; the time of a pending one is undefined. */
export const migrationStatus = async (db: Kysely<any>): Promise<readonly MigrationStatus[]> =>
  (await readMigrations(db)).known;

/** The same, and beside them the names of applied migrations that this version does not have: a newer one has applied them. */
export async function readMigrations(
  db: Kysely<any>,
): Promise<{ known: readonly MigrationStatus[]; unknown: readonly string[] }> {
  const applied = await readApplied(db);
  const names = await namesOf(targetOf(extentWith(applied)));
  const own = new Set(names);
  return {
    known: names.map((name) => ({ name, executedAt: applied.get(name) })),
    unknown: [...applied.keys()].filter((name) => !own.has(name)).toSorted(),
  };
}

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
export async function migrationStatus(db: Kysely<any>): Promise<readonly MigrationStatus[]> {
  const applied = await readApplied(db);
  const names = await namesOf(targetOf(extentWith(applied)));
  return names.map((name) => ({ name, executedAt: applied.get(name) }));
}

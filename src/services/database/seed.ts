import { sql } from 'kysely';
import { connect, pool, type Db } from '../../database/connect.ts';
import { NotEmptyError, seedFiction, type SeededTable } from '../../demo/seed.ts';
import { sizes, type SizeName } from '../../demo/sizes.ts';
import { UsageError } from '../../ground/errors.ts';
import { authorise, type Actor } from '../actor.ts';
import { requirePlatform } from './require-platform.ts';

/** Throws UsageError for an unknown size. */
export function sizeOf(given: string): SizeName {
  if (Object.hasOwn(sizes, given)) return given as SizeName;
  throw new UsageError({
    what: `--size cannot be ${JSON.stringify(given)}`,
    why: `there are ${Object.keys(sizes).join(', ')}`,
    hint: 'for example `npx roundsman db seed --size medium`',
  });
}

/**
 * Throws {@link NotEmptyError} for a database that has people, migrated or not, and NoPlatformError if only the bots are
 * installed. Called before the database is migrated; seeding it checks both again.
 */
export async function refuseFilledDatabase(db: Db): Promise<void> {
  await requirePlatform(db, 'nothing was seeded');
  const { rows } = await sql<{ there: boolean }>`
    SELECT to_regclass('public.profiles') IS NOT NULL AS there`.execute(db);
  if (!rows[0]!.there) return;
  const people = await sql`SELECT FROM public.profiles LIMIT 1`.execute(db);
  if (people.rows.length > 0) throw new NotEmptyError();
}

interface Seed {
  size: SizeName;
  /** the seed of the random numbers: the same one gives the same platform */
  seed: number;
  /** called with the number of rows sent so far, the total, and the table that they go into */
  onRows: (done: number, total: number, table: string) => void;
}

/**
 * Plants a fictional platform into an empty database; returns the rows of each table. For owners. Throws
 * NotEmptyError.
 */
export async function seedPlatform(
  { url, actor }: { url: string; actor: Actor },
  { size, seed, onRows }: Seed,
): Promise<SeededTable[]> {
  authorise(actor, 'seed a database', 'owner');
  await using db = connect(url, { max: 1, name: 'roundsman seed' });
  await requirePlatform(db, 'nothing was seeded');
  const connections = pool(url, { max: 1, statementTimeoutMs: 0, name: 'roundsman seed' });
  try {
    return await seedFiction(connections, size, seed, onRows);
  } finally {
    await connections.end();
  }
}

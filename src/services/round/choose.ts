import { sql } from 'kysely';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Db } from '../../database/connect.ts';
import { botOf } from '../references/named.ts';

export interface ChosenBot {
  id: string;
  name: string;
}

/**
 * The bots of a round: the named ones, without duplicates, or every active one if none is named. Throws NotFoundError
 * for a name that does not exist.
 */
export function chooseBots(db: Db, { names }: { names: string[] }): Promise<ChosenBot[]> {
  if (names.length > 0) return Promise.all([...new Set(names)].map((name) => botOf(db, name)));
  return db
    .selectFrom('bots')
    .select(['id', 'name'])
    .where('status', '=', 'active')
    .orderBy('name')
    .execute();
}

/**
 * Throws NotFoundError for a name that neither a bot has nor a bot of the catalogue: those are added when a process starts.
 */
export async function requireKnownBots(
  db: Db,
  { names, catalogue }: { names: string[]; catalogue: () => Promise<Catalogue> },
): Promise<void> {
  if (names.length === 0) return;
  const coming = (await catalogue()).bots.map(({ name }) => name);
  for (const name of names) if (!coming.includes(name)) await botOf(db, name, coming);
}

/**
 * All bots by name, whatever their status, but for those of the catalogue that ship paused and have never had another status: they
 * can do nothing before a person has set them up.
 */
export const allBots = (db: Db): Promise<ChosenBot[]> =>
  db
    .selectFrom('bots')
    .select(['id', 'name'])
    .where(
      sql<boolean>`NOT (status = 'paused' AND catalogue_name IS NOT NULL AND status_changed_at IS NULL)`,
    )
    .orderBy('name')
    .execute();

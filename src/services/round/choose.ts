import { checksOf } from '../../catalogue/abilities.ts';
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
 * Throws NotFoundError for a name that no bot has, and none of the catalogue, whose bots get their rows when a process starts.
 */
export async function requireKnownBots(
  db: Db,
  { names, catalogue }: { names: string[]; catalogue: () => Promise<Catalogue> },
): Promise<void> {
  if (names.length === 0) return;
  const unregistered = (await catalogue()).bots.map(({ name }) => name);
  for (const name of names) if (!unregistered.includes(name)) await botOf(db, name, unregistered);
}

/** The bots of a round that touches no network, and the names of those that are left out of it. */
export interface BotsInside {
  bots: ChosenBot[];
  /** the checks of these all look outside */
  outside: string[];
  /** these are not active, for example because a person has to set them up first */
  inactive: string[];
}

/** Divides the bots of the catalogue; bots of other names are in none of the lists. */
export async function botsInside(db: Db, { bots: known }: Catalogue): Promise<BotsInside> {
  const active = new Map((await chooseBots(db, { names: [] })).map((row) => [row.name, row]));
  const inside: BotsInside = { bots: [], outside: [], inactive: [] };
  for (const bot of known.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const row = active.get(bot.name);
    if (!row) inside.inactive.push(bot.name);
    else if (checksOf(bot).every((check) => check.looks_outside)) inside.outside.push(bot.name);
    else inside.bots.push(row);
  }
  return inside;
}

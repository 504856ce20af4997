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

/** The bots of a round that touches no network, and the names of those that are left out of it. */
export interface BotsInside {
  bots: ChosenBot[];
  /** all of their checks look outside */
  outside: string[];
  /** they are not active, as one that waits to be set up */
  inactive: string[];
}

/** Divides the bots of the catalogue; rows of other names are left out without a word. */
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

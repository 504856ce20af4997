/**
 * Where only the bots are installed, a bot whose endpoint needs tables of the platform is left off: disabled at the start of a
 * process.
 */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { hasPlatform } from '../../database/migrate/extent.ts';
import { NoPlatformError } from '../database/require-platform.ts';

/** Returns the tables that an endpoint needs and the database does not have; null if the endpoint can run. */
export type LackingTables = (endpoint: string) => readonly string[] | null;

/** By transaction: an apply of thousands of bots asks once. */
const isWholeIn = new WeakMap<Db, Promise<boolean>>();

function isWholeFor(db: Db): Promise<boolean> {
  if (!db.isTransaction) return hasPlatform(db);
  const known = isWholeIn.get(db) ?? hasPlatform(db);
  isWholeIn.set(db, known);
  return known;
}

export async function lackingTablesIn(db: Db, catalogue: Catalogue): Promise<LackingTables> {
  const isWhole = await isWholeFor(db);
  return (endpoint) => {
    return isWhole ? null : (catalogue.botAt(endpoint)?.needs ?? null);
  };
}

/** Throws {@link NoPlatformError} for a definition that the next start would leave off; `what` says what was not done. */
export function refuseLackingTables(
  lacking: LackingTables,
  { api_endpoint: endpoint }: Pick<BotRow, 'api_endpoint'>,
  what: string,
): void {
  const tables = lacking(endpoint);
  if (tables === null) return;
  throw new NoPlatformError({
    what,
    why: `only the bots are installed in this database, and ${endpoint} needs tables of the platform: ${tables.join(', ')}`,
    hint: '`npx roundsman db migrate` adds them, or says what stands in the way; `npx roundsman bots catalogue` shows other bots',
  });
}

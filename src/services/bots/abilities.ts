/** What a bot checks, heals and needs, as its code says; and which of it this database has. */
import {
  adviceOf,
  checksOf,
  healingEntriesOf,
  type HealingEntry,
  type ShownCheck,
} from '../../catalogue/abilities.ts';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import { secretRows } from '../../data/secrets/rows.ts';
import type { Db } from '../../database/connect.ts';
import { readSourceConfig } from '../../sources/config.ts';
import { isSource } from '../../sources/endpoint.ts';
import { lackingTablesIn } from './lacking.ts';

export type { HealingEntry, ShownCheck } from '../../catalogue/abilities.ts';

export interface Abilities {
  checks: ShownCheck[];
  /** `enabled`: false if the entry was disabled or removed; `autonomy` is the entry's present one */
  heals: (HealingEntry & { enabled: boolean })[];
  /** names of entries that only say what a person may do */
  advice: string[];
  secrets: { name: string; stored: boolean }[];
  /** tables of the platform that its checks read; `lacking`: they are not installed, so the bot is left off */
  needs: string[];
  lacking: boolean;
}

/** Null if the bot's endpoint names no bot of the catalogue. */
export async function abilitiesOf(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  { api_endpoint: endpoint, config }: Pick<BotRow, 'api_endpoint' | 'config'>,
): Promise<Abilities | null> {
  const bot = catalogue.botAt(endpoint);
  if (!bot) return null;
  // The listener reads a source's secrets; the child process of its bot does not get them.
  const secrets = isSource(endpoint)
    ? (readSourceConfig(config)?.secrets ?? [])
    : catalogue.secretsOf(endpoint, config);
  const rows = secrets.length > 0 ? await secretRows(db, secrets) : [];
  const stored = new Set(rows.map(({ name }) => name));
  const lacking = (await lackingTablesIn(db, catalogue))(endpoint) !== null;
  return {
    checks: checksOf(bot),
    heals: await withPresentAutonomy(db, healingEntriesOf(bot, catalogue)),
    advice: adviceOf(bot),
    secrets: secrets.map((name) => ({ name, stored: stored.has(name) })),
    needs: [...(bot.needs ?? [])],
    lacking,
  };
}

/**
 * The heals with the present autonomy of their entries, which people and outcomes may have changed. An entry that this database
 * does not have yet is added when a process starts.
 */
async function withPresentAutonomy(db: Db, heals: HealingEntry[]): Promise<Abilities['heals']> {
  if (heals.length === 0) return [];
  const rows = await db
    .selectFrom('bot_knowledge')
    .select(['catalogue_name', 'autonomy', 'enabled', 'removed_at'])
    .where(
      'catalogue_name',
      'in',
      heals.map(({ knowledge }) => knowledge),
    )
    .execute();
  const known = new Map(rows.map((row) => [row.catalogue_name, row]));
  return heals.map((heal) => {
    const row = known.get(heal.knowledge);
    const enabled = row === undefined || (row.enabled && row.removed_at === null);
    return { ...heal, autonomy: row?.autonomy ?? heal.autonomy, enabled };
  });
}

/** The bots of the catalogue: their endpoints, and the settings that each of them takes. */
import {
  adviceOf,
  checksOf,
  healingEntriesOf,
  type HealingEntry,
  type ShownCheck,
} from '../../catalogue/abilities.ts';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Bot } from '../../contract/bot.ts';
import { remoteBot } from '../../remote/bot.ts';
import { settingsOf, type Setting } from '../../catalogue/settings.ts';
import { NotFoundError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';

export interface CatalogueBot {
  name: string;
  endpoint: string;
  display_name: string;
  description: string;
  /** the schedule with which it is registered */
  schedule_cron: string;
  checks: ShownCheck[];
  /** names of the entries of knowledge that it brings along */
  knowledge: string[];
  /** what the entries among these do that apply remedies */
  heals: HealingEntry[];
  /** names of the others, which only say what a person may do */
  advice: string[];
  /** names of the secrets that its checks may read */
  secrets: string[];
  /** tables of the platform that its checks read */
  needs: string[];
  /** null if its schema does not name them */
  settings: Setting[] | null;
}

/** All bots of the catalogue by name. */
export const listCatalogue = (catalogue: Catalogue): CatalogueBot[] =>
  catalogue.bots
    .map((bot) => shown(catalogue, bot, `/api/bots/${bot.name}`))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));

const shown = (catalogue: Catalogue, bot: Bot, endpoint: string): CatalogueBot => ({
  name: bot.name,
  endpoint,
  display_name: bot.displayName,
  description: bot.description,
  schedule_cron: bot.schedule,
  checks: checksOf(bot),
  knowledge: (bot.knowledge ?? []).map(({ name }) => name),
  heals: healingEntriesOf(bot, catalogue),
  advice: adviceOf(bot),
  secrets: [...(bot.secrets ?? [])],
  needs: [...(bot.needs ?? [])],
  settings: settingsOf(bot),
});

/** A bot of the catalogue, by its name or its endpoint; or `remote`, the bot behind every address. Throws {@link NotFoundError}. */
export function showCatalogue(catalogue: Catalogue, given: string): CatalogueBot {
  const all = listCatalogue(catalogue);
  const name = given.replace(/^(?:\/api\/bots\/|bot:)/, '');
  const found = all.find((bot) => bot.name === name);
  if (found) return found;
  if (name === remoteBot.name) return shown(catalogue, remoteBot, 'https://<host>/<path>');
  const names = all.map((bot) => bot.name);
  throw new NotFoundError({
    what: `the catalogue has no bot ${given.trim() || 'without a name'}`,
    why: `it has ${names.join(', ')}`,
    hint: didYouMean(name, names, 'take one of them; a bot is a file in bots/'),
  });
}

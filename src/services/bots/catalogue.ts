/** The bots of the catalogue: their endpoints, and the settings that each of them takes. */
import {
  adviceOf,
  checksOf,
  healingEntriesOf,
  type HealingEntry,
  type ShownCheck,
} from '../../catalogue/abilities.ts';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { remoteBot } from '../../remote/bot.ts';
import { sourceBot } from '../../sources/bot.ts';
import { settingsOf, type Setting } from '../../catalogue/settings.ts';
import type { Bot } from '../../contract/bot.ts';
import { NotFoundError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';

export interface CatalogueEntry {
  name: string;
  endpoint: string;
  display_name: string;
  description: string;
  /** the schedule with which it is registered */
  schedule_cron: string;
}

export interface CatalogueBot extends CatalogueEntry {
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

/** All bots of the catalogue by name. Their settings and heals are left out, because to read those of all takes 100 ms. */
export const listCatalogue = ({ bots }: Catalogue): CatalogueEntry[] =>
  bots
    .map((bot) => entryOf(bot, `/api/bots/${bot.name}`))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));

const entryOf = (
  { name, displayName, description, schedule }: Bot,
  endpoint: string,
): CatalogueEntry => ({
  name,
  endpoint,
  display_name: displayName,
  description,
  schedule_cron: schedule,
});

const shown = (catalogue: Catalogue, bot: Bot, endpoint: string): CatalogueBot => ({
  ...entryOf(bot, endpoint),
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
  const name = given.replace(/^(?:\/api\/bots\/|bot:)/, '');
  const found = catalogue.bots.find((each) => each.name === name);
  if (found) return shown(catalogue, found, `/api/bots/${name}`);
  if (name === sourceBot.name) return shown(catalogue, sourceBot, 'in:<source>');
  if (name === remoteBot.name) return shown(catalogue, remoteBot, 'https://<host>/<path>');
  throw notInCatalogue(given, name, listCatalogue(catalogue));
}

function notInCatalogue(given: string, name: string, all: CatalogueEntry[]): NotFoundError {
  const names = all.map((bot) => bot.name);
  return new NotFoundError({
    what: `the catalogue has no bot ${given.trim() || 'without a name'}`,
    why: `it has ${names.join(', ')}`,
    hint: didYouMean(name, names, 'take one of them; a bot is a file in bots/'),
  });
}

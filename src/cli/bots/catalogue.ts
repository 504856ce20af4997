import { printable } from '../../ground/text.ts';
import {
  listCatalogue,
  showCatalogue as find,
  type CatalogueBot,
} from '../../services/bots/catalogue.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { facts, json, paint, prose, say, section } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { printDefaults, settingAsJson } from './settings.ts';

const asJson = ({ settings, ...bot }: CatalogueBot) => ({
  ...bot,
  settings: settings?.map(settingAsJson) ?? null,
});

/** The bots that the catalogue brings, or one of them with its checks and settings. No database is asked. */
export async function showCatalogue(
  given: string | undefined,
  options: { json?: true },
): Promise<void> {
  const catalogue = await loadCatalogue();
  if (given === undefined) {
    const bots = listCatalogue(catalogue);
    if (options.json) return json(bots.map(asJson));
    return table(
      ['Name', 'Endpoint', 'What it does'],
      bots.map(({ name, endpoint, description }) => [
        printable(name),
        printable(endpoint),
        printable(description),
      ]),
      'The catalogue is empty.',
    );
  }
  const bot = find(catalogue, given);
  if (options.json) return json(asJson(bot));
  say(paint('bold', printable(`${bot.display_name} (${bot.name})`)));
  prose(bot.description);
  say();
  facts([
    ['Endpoint', printable(bot.endpoint)],
    ['Schedule', printable(bot.schedule_cron)],
    ['Knowledge', bot.knowledge.length > 0 ? bot.knowledge.map(printable).join(', ') : null],
  ]);
  section('Checks');
  for (const { name, title } of bot.checks)
    say(`  ${printable(name)}: ${printable(title)}`, '    ');
  section('Settings');
  printDefaults(bot.settings);
}

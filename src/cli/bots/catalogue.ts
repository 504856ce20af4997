import { printable } from '../../ground/text.ts';
import {
  listCatalogue,
  showCatalogue as find,
  type CatalogueBot,
  type CatalogueEntry,
} from '../../services/bots/catalogue.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { facts, paint, prose, say, section } from '../terminal/print.ts';
import { list, type Column } from '../listing/list.ts';
import { printChecks, printHeals } from './abilities.ts';
import { printDefaults, settingAsJson } from './settings.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

const asJson = ({ settings, ...bot }: CatalogueBot) => ({
  ...bot,
  settings: settings?.map(settingAsJson) ?? null,
});

const columns: Column<CatalogueEntry>[] = [
  { name: 'name', head: 'Name', cell: ({ name }) => printable(name) },
  { name: 'endpoint', head: 'Endpoint', cell: ({ endpoint }) => printable(endpoint) },
  {
    name: 'description',
    head: 'What it does',
    cell: ({ description }) => printable(description),
  },
];

/** The bots that the catalogue brings, or one of them with its checks and settings. No database is asked. */
export async function showCatalogue(
  given: string | undefined,
  options: ListOptions,
): Promise<void> {
  const catalogue = await loadCatalogue();
  if (given === undefined) {
    const bots = listCatalogue(catalogue);
    return list({
      options,
      rows: bots,
      columns,
      fields: ({ name }) => asJson(find(catalogue, name)),
      empty: 'The catalogue is empty.',
    });
  }
  const bot = find(catalogue, given);
  const isRow = options.output === 'csv' || options.output === 'tsv';
  if (isRow) return list({ options, rows: [bot], columns, fields: () => asJson(bot), empty: '' });
  if (isData(options)) return printDocument(asJson(bot), options);
  say(paint('bold', printable(`${bot.display_name} (${bot.name})`)));
  prose(bot.description);
  say();
  facts([
    ['Endpoint', printable(bot.endpoint)],
    ['Schedule', printable(bot.schedule_cron)],
    ['Secrets', bot.secrets.map(printable).join(', ') || null],
    ['Needs', bot.needs.map(printable).join(', ') || null],
  ]);
  printChecks(bot.checks);
  printHeals(bot.heals, bot.advice);
  section('Settings');
  printDefaults(bot.settings);
}

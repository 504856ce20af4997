import { printable } from '../../ground/text.ts';
import { listCatalogue, type CatalogueEntry } from '../../services/bots/catalogue.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, type Column } from '../listing/list.ts';
import { loadCatalogue } from '../session/catalogue.ts';

const nothing = { cell: () => null };

/** Those of `bots list`, with what is known of a bot that has no row. */
const columns: Column<CatalogueEntry>[] = [
  { name: 'name', head: 'Bot', cell: ({ name }) => printable(name) },
  { name: 'status', head: 'Status', ...nothing },
  { name: 'schedule_cron', head: 'Schedule', cell: (bot) => printable(bot.schedule_cron) },
  { name: 'last_run', head: 'Last run', ...nothing },
  { name: 'last_status', head: 'Last status', ...nothing, onlyForPrograms: true },
  { name: 'next_execution_at', head: 'Next run', ...nothing },
  { name: 'open_findings', head: 'Open', cell: () => '0' },
];

const fields = ({ name, display_name, description, schedule_cron, endpoint }: CatalogueEntry) => ({
  id: null,
  name,
  display_name,
  description,
  schedule_cron,
  api_endpoint: endpoint,
  status: null,
  last_execution_at: null,
  next_execution_at: null,
  open_findings: 0,
  bot_executions: [],
});

/** `bots list` in a project that was not started yet: the bots that its first start adds, as the config names them. */
export const listBeforeStart = async (options: ListOptions & { limit: number }): Promise<void> =>
  list({
    options,
    rows: listCatalogue(await loadCatalogue()),
    columns,
    fields,
    empty: 'The catalogue is empty.',
    notes: [
      'there is no database yet: these are the bots of the catalogue. `npx roundsman up` (`npm start`) makes one and adds them',
    ],
  });

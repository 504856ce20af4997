import { printable } from '../../ground/text.ts';
import { listActions as read, type ListedAction } from '../../services/actions/list.ts';
import type { Moment } from '../../services/bots/backfill.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { list, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { relative, shortId, state } from '../terminal/print.ts';

interface ActionsOptions extends ListOptions {
  bot?: string;
  since?: Moment;
  limit: number;
}

const columns = (now: Date): Column<ListedAction>[] => [
  { name: 'id', head: 'Action', cell: ({ id }) => shortId(id) },
  { name: 'taken_at', head: 'When', cell: ({ taken_at }) => relative(taken_at, now) },
  { name: 'state', head: 'State', cell: (action) => state(action.state) },
  { name: 'remedy', head: 'Remedy', cell: ({ remedy }) => printable(remedy) },
  { name: 'risk', head: 'Risk', cell: ({ risk }) => risk },
  {
    name: 'component',
    head: 'Component',
    cell: ({ component }) => component && printable(component),
  },
  {
    name: 'knowledge',
    head: 'Knowledge',
    cell: ({ bot_knowledge: { name } }) => name && printable(name),
  },
  { name: 'bot', head: 'Bot', cell: ({ bots: { name } }) => name && printable(name) },
  {
    name: 'action_description',
    head: 'What',
    cell: ({ action_description, error_message }) =>
      printable([action_description, error_message].filter(Boolean).join(': ')),
  },
];

export const listActions = (options: ActionsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { bot, since, limit } = options;
    const { actions, now } = await read(db, { bot, since, limit: limit + 1 });
    await list({
      options,
      rows: actions,
      columns: columns(now),
      empty:
        bot === undefined && since === undefined
          ? 'No heal has taken a step yet.'
          : `No heal has taken a step${bot === undefined ? '' : ' for this bot'}${since === undefined ? '' : ' since then'}.`,
      dropWhenNarrow: ['risk', 'knowledge', 'bot', 'component'],
    });
  });

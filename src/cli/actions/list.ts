import { printable } from '../../ground/text.ts';
import { listActions as list } from '../../services/actions/list.ts';
import { withDatabase } from '../session/database.ts';
import { json, relative, shortId, state, upTo } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

export const listActions = (options: { bot?: string; limit: number; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { bot, limit } = options;
    const { now, ...found } = await list(db, { bot, limit: limit + 1 });
    const actions = upTo(found.actions, limit);
    if (options.json) return json(actions);
    table(
      ['Action', 'When', 'State', 'Remedy', 'Risk', 'Component', 'Knowledge', 'Bot', 'What'],
      actions.map((action) => [
        shortId(action.id),
        relative(action.taken_at, now),
        state(action.state),
        printable(action.remedy),
        action.risk,
        printable(action.component ?? '-'),
        printable(action.bot_knowledge.name ?? '-'),
        printable(action.bots.name ?? '-'),
        printable([action.action_description, action.error_message].filter(Boolean).join(': ')),
      ]),
      bot === undefined
        ? 'No heal has taken a step yet.'
        : 'No heal has taken a step for this bot.',
      ['Risk', 'Knowledge', 'Bot', 'Component'],
    );
  });

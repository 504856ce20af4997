import { listActions as query } from '../../data/bots/bot-actions.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { json, relative, shortId, state, upTo } from '../terminal/print.ts';
import { botOf } from '../../services/references/named.ts';
import { table } from '../terminal/table.ts';

export const listActions = (options: { bot?: string; limit: number; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const bot = options.bot === undefined ? undefined : await botOf(db, options.bot);
    const filter = { botId: bot?.id, limit: options.limit + 1 };
    const actions = upTo(await query(db, filter), options.limit);
    if (options.json) return json(actions);
    const now = await currentTime(db);
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
      bot ? 'Nothing was done for this bot.' : 'Nothing was ever done to heal.',
      ['Risk', 'Bot', 'Component', 'Knowledge'],
    );
  });

import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { inspectDefinition } from '../../schedule/definition.ts';
import { addBot as insert } from '../../transitions/bots/add.ts';
import { authorise, type Actor } from '../actor.ts';
import { checkTogether } from './together.ts';
import { columnsOf, type BotDefinition } from './definition.ts';

export { checkName, type BotDefinition } from './definition.ts';

/** A bot has this name already; it was not touched. */
export class NameTakenError extends RoundsmanError {}

/** A bot that can be added: its columns. */
export type NewBot = ReturnType<typeof newBot>;

/**
 * Throws UsageError for what the table would refuse, BadScheduleError or BadDefinitionError for a bot that cannot
 * run.
 */
export function newBot(
  {
    name,
    schedule,
    endpoint,
    ...rest
  }: BotDefinition & { name: string; schedule: string; endpoint: string },
  catalogue: Catalogue,
) {
  const given = columnsOf({ ...rest, endpoint, schedule });
  const values = {
    ...given,
    name,
    display_name: given.display_name ?? name,
    schedule_cron: schedule,
    api_endpoint: endpoint,
    timezone: given.timezone ?? 'UTC',
    config: given.config ?? {},
  };
  inspectDefinition(values, catalogue);
  checkTogether(values as Parameters<typeof checkTogether>[0], Object.keys(values));
  return values;
}

/** Adds a bot; the scheduler plans it at its next tick. For owners and admins. Throws {@link NameTakenError}. */
export async function addBot(
  { db, actor }: { db: Db; actor: Actor },
  { bot: values }: { bot: NewBot },
): Promise<BotRow> {
  authorise(actor, 'add bots', 'admin');
  const bot = await insert(db, values);
  if (bot) return bot;
  const { name } = values;
  throw new NameTakenError({
    what: `the bot ${name} was not added`,
    why: 'a bot of that name exists',
    hint: `take another name, or change it: \`npx roundsman bots edit ${name}\``,
  });
}

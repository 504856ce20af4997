import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { inspectDefinition } from '../../schedule/definition.ts';
import { addBot as insert } from '../../transitions/bots/add.ts';
import { authorise, type Actor } from '../actor.ts';
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
  { name, ...definition }: BotDefinition & { name: string; schedule: string; endpoint: string },
  catalogue: Catalogue,
) {
  const given = columnsOf(definition);
  const values = {
    ...given,
    name,
    display_name: given.display_name ?? name,
    schedule_cron: given.schedule_cron!,
    api_endpoint: given.api_endpoint!,
    timezone: given.timezone ?? 'UTC',
    config: given.config ?? {},
  };
  inspectDefinition(values, catalogue);
  return values;
}

/**
 * Adds a bot; the scheduler plans it at its next tick. A removed bot that has the name gives it away: `aside` is what it
 * is called then. For owners and admins. Throws {@link NameTakenError}.
 */
export async function addBot(
  { db, actor }: { db: Db; actor: Actor },
  { bot: values }: { bot: NewBot },
): Promise<{ bot: BotRow; aside: string | null }> {
  authorise(actor, 'add bots', 'admin');
  const added = await db.transaction().execute((trx) => insert(trx, values));
  if (added) return added;
  const { name } = values;
  throw new NameTakenError({
    what: `the bot ${name} was not added`,
    why: 'a bot of that name exists',
    hint: `take another name, or change it: \`npx roundsman bots edit ${name}\``,
  });
}

import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { parseSchedule } from '../../schedule/cron.ts';
import { inspectDefinition } from '../../schedule/definition.ts';
import { addBot as insert } from '../../transitions/bots/add.ts';
import { authorise, type Actor } from '../actor.ts';
import { refuseContradictions } from './contradictions.ts';
import { columnsOf, type BotDefinition } from './definition.ts';
import { lackingTablesIn, refuseLackingTables } from './lacking.ts';
import { changedConfig, refuseUnknownEndpoint } from './settings.ts';
import { refusingTakenSource } from './source-taken.ts';

export { checkName } from './definition.ts';

/** A bot has this name already; it was not touched. */
export class NameTakenError extends RoundsmanError {}

/** A bot as a person gives it; the command may ask for what is missing. */
export type GivenBot = BotDefinition & { set?: string[] };

/** A bot that can be added: its columns. */
export type NewBot = ReturnType<typeof newBot>;

/**
 * Throws UsageError for what the table would refuse, BadScheduleError or BadDefinitionError for a bot that cannot
 * run.
 */
export function newBot(
  { name, set, ...definition }: GivenBot & { name: string; schedule: string; endpoint: string },
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
  // The endpoint decides which settings there are, so a mistake in it comes first.
  refuseUnknownEndpoint(catalogue, values.api_endpoint);
  const config = set ? changedConfig(catalogue, values, { set }) : values.config;
  const bot = { ...values, config: config as typeof values.config };
  inspectDefinition(bot, catalogue);
  refuseContradictions(bot as Parameters<typeof refuseContradictions>[0], Object.keys(values));
  return bot;
}

/** Checks what can be checked before the rest is known. Throws as {@link newBot} does. */
export function checkGiven({ set: _, ...given }: GivenBot, catalogue: Catalogue): void {
  columnsOf(given);
  if (given.endpoint !== undefined) checkEndpoint(given.endpoint, catalogue);
  if (given.schedule !== undefined || given.timezone !== undefined)
    checkSchedule(given.schedule ?? '@daily', given.timezone);
}

/** Throws BadDefinitionError for an endpoint that names no bot of the catalogue. */
export function checkEndpoint(given: string, catalogue: Catalogue): void {
  refuseUnknownEndpoint(catalogue, String(columnsOf({ endpoint: given }).api_endpoint));
}

/** Throws UsageError, BadScheduleError for a schedule that cannot be read in this zone. */
export function checkSchedule(given: string, timezone = 'UTC'): void {
  parseSchedule(String(columnsOf({ schedule: given }).schedule_cron), timezone);
}

/** Throws {@link NameTakenError} if a bot that was not removed has this name. Called before a person types the rest. */
export async function refuseTakenName(db: Db, name: string): Promise<void> {
  const taken = await db
    .selectFrom('bots')
    .select('id')
    .where('name', '=', name)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (taken) throw nameTaken(name);
}

/** Throws NoPlatformError for an endpoint that could not run in this database. Called before a person types the rest. */
export async function requireRunnableEndpoint(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  { name, endpoint }: { name: string; endpoint: string },
): Promise<void> {
  const { api_endpoint } = columnsOf({ endpoint }) as Pick<BotRow, 'api_endpoint'>;
  refuseLackingTables(await lackingTablesIn(db, catalogue), { api_endpoint }, notAdded(name));
}

const notAdded = (name: string): string => `the bot ${name} was not added`;

/**
 * Adds a bot; the scheduler plans it at its next tick. A removed bot that has the name is renamed to `newNameOfRemoved`. For owners and
 * admins. Throws {@link NameTakenError}, SourceTakenError, and NoPlatformError for a bot that could not run in this database.
 */
export async function addBot(
  { db, actor, catalogue }: { db: Db; actor: Actor; catalogue: Catalogue },
  { bot: values }: { bot: NewBot },
): Promise<{ bot: BotRow; newNameOfRemoved: string | null }> {
  authorise(actor, 'add bots', 'admin');
  refuseLackingTables(await lackingTablesIn(db, catalogue), values, notAdded(values.name));
  const added = await refusingTakenSource(
    db,
    { what: notAdded(values.name), endpoint: values.api_endpoint },
    () => inTransaction(db, (trx) => insert(trx, values)),
  );
  if (added) return added;
  throw nameTaken(values.name);
}

const nameTaken = (name: string): NameTakenError =>
  new NameTakenError({
    what: notAdded(name),
    why: 'a bot of that name exists',
    hint: `take another name, or change it: \`npx roundsman bots edit ${name}\``,
  });

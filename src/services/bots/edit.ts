import { isDeepStrictEqual } from 'node:util';
import type { Updateable } from 'kysely';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { Bots } from '../../database/tables.ts';
import { inspectDefinition } from '../../schedule/definition.ts';
import { editBot as write } from '../../transitions/bots/edit.ts';
import { authorise, type Actor } from '../actor.ts';
import { botOf } from '../references/named.ts';
import { refuseContradictions } from './contradictions.ts';
import { columnsOf, decisiveColumns, type BotDefinition } from './definition.ts';
import { lackingTablesIn, refuseLackingTables } from './lacking.ts';
import { changedConfig, refuseUnknownEndpoint, type SettingChanges } from './settings.ts';
import { refusingTakenSource } from './source-taken.ts';

export type { BotDefinition } from './definition.ts';

export type BotColumn = keyof BotRow;

export interface EditedBot {
  /** the row after the edit */
  bot: BotRow;
  /** the columns that the edit names */
  wanted: BotColumn[];
  /** the row before the edit; null when nothing had to be changed */
  before: BotRow | null;
  /** the columns that were changed */
  changed: BotColumn[];
}

/**
 * The columns that an edit sets; none when it names no option. Throws UsageError for a value that the table would
 * refuse.
 */
export const editOf = (definition: BotDefinition): Partial<BotRow> =>
  columnsOf(definition) as Partial<BotRow>;

/**
 * Changes the given columns and nothing else. If a column changes that decides whether the bot can run (`decisiveColumns`), the new
 * definition is checked first. For owners and admins. Throws NotFoundError, BadScheduleError, BadDefinitionError, UsageError,
 * SourceTakenError, and NoPlatformError for a bot that could not run in this database.
 */
export async function editBot(
  { db, actor, catalogue }: { db: Db; actor: Actor; catalogue: Catalogue },
  { bot: given, edit, settings }: { bot: string; edit: Partial<BotRow>; settings?: SettingChanges },
): Promise<EditedBot> {
  authorise(actor, 'edit bots', 'admin');
  const { id, name } = await botOf(db, given);
  const changesSettings = [...(settings?.set ?? []), ...(settings?.unset ?? [])].length > 0;
  // Computed from the locked row, so that settings which another edit has just changed stay.
  const wantedOf = (bot: BotRow): Partial<BotRow> => {
    if (!settings || !changesSettings) return edit;
    const after = { ...bot, ...edit };
    // A mistake in the endpoint is reported before one in the settings, which depend on it.
    refuseUnknownEndpoint(catalogue, after.api_endpoint);
    return { ...edit, config: changedConfig(catalogue, after, settings) as BotRow['config'] };
  };
  const columns = [
    ...(Object.keys(edit) as BotColumn[]),
    ...(changesSettings ? ['config' as const] : []),
  ];
  const differingColumns = (bot: BotRow, wanted: Partial<BotRow>) =>
    columns.filter((column) => !isDeepStrictEqual(wanted[column], bot[column]));
  const lacking = await lackingTablesIn(db, catalogue);
  let changed: BotColumn[] = [];
  const change = () =>
    inTransaction(db, (trx) =>
      write(trx, id, (bot) => {
        const wanted = wantedOf(bot);
        changed = differingColumns(bot, wanted);
        if (changed.length === 0) return null;
        if (decisiveColumns.some((column) => changed.includes(column))) {
          const next = { ...bot, ...wanted };
          inspectDefinition(next, catalogue);
          // An edit that makes the bot active, or changes its endpoint, needs the tables of that endpoint.
          if (bot.status === 'error' || changed.includes('api_endpoint'))
            refuseLackingTables(lacking, next, `${bot.name} was not changed`);
        }
        refuseContradictions({ ...bot, ...wanted }, changed);
        return Object.fromEntries(
          changed.map((column) => [column, wanted[column]]),
        ) as Updateable<Bots>;
      }),
    );
  const edited =
    edit.api_endpoint === undefined
      ? await change()
      : await refusingTakenSource(
          db,
          { what: `${name} was not changed`, endpoint: edit.api_endpoint },
          change,
        );
  return {
    bot: edited?.after ?? (await botOf(db, id)),
    wanted: columns,
    before: edited?.before ?? null,
    changed,
  };
}

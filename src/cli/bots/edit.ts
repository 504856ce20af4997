import { isDeepStrictEqual } from 'node:util';
import type { Updateable } from 'kysely';
import type { BotRow } from '../../data/bots/bots.ts';
import { editBot as edit } from '../../transitions/bots/edit.ts';
import type { Bots } from '../../database/tables.ts';
import { inspectDefinition } from '../../schedule/definition.ts';
import { printable } from '../../ground/text.ts';
import { columnsOf, decisive, type DefinitionOptions } from './definition.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { json, paint, say, state } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { botOf } from '../../services/references/named.ts';

type Column = keyof BotRow;

export async function editBot(given: string, options: DefinitionOptions): Promise<void> {
  const wanted = columnsOf(options) as Partial<BotRow>;
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db }) => {
    const { id, name } = await botOf(db, given);
    const differ = (bot: BotRow) =>
      (Object.keys(wanted) as Column[]).filter(
        (column) => !isDeepStrictEqual(wanted[column], bot[column]),
      );
    const edited = await db.transaction().execute((trx) =>
      edit(trx, id, (bot) => {
        const changed = differ(bot);
        if (changed.length === 0) return null;
        if (decisive.some((column) => changed.includes(column)))
          inspectDefinition({ ...bot, ...wanted }, catalogue);
        return Object.fromEntries(
          changed.map((column) => [column, wanted[column]]),
        ) as Updateable<Bots>;
      }),
    );
    if (options.json) return json(edited?.after ?? (await botOf(db, id)));
    if (!edited) return say(nothingToChange(name, wanted));
    const { before, after } = edited;
    table(
      ['Changed', 'Before', '', 'After'],
      differ(before).map((column) => [column, shown(before[column]), '->', shown(after[column])]),
      '',
    );
    if (before.status !== after.status)
      say(`${name} is ${state(after.status)} now, it was ${state(before.status)}.`);
    else if (after.status === 'error')
      say(paint('yellow', `${name} is still in error: ${printable(after.status_reason ?? '')}`));
    if (after.status === 'active' && after.next_execution_at === null)
      say("Its next run is planned at the scheduler's next tick.");
  });
}

const nothingToChange = (name: string, wanted: object): string =>
  Object.keys(wanted).length === 0
    ? 'Nothing to change: no option was given. --help lists them.'
    : `Nothing to change: ${name} is like that already.`;

const shown = (value: unknown): string =>
  value === null
    ? '-'
    : printable(typeof value === 'object' ? JSON.stringify(value) : String(value));

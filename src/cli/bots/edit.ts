import { printable } from '../../ground/text.ts';
import type { SettingChanges } from '../../services/bots/settings.ts';
import { editBot as edit, editOf, type BotDefinition } from '../../services/bots/edit.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, paint, say, state } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

export async function editBot(
  given: string,
  { set, unset, ...options }: BotDefinition & SettingChanges & { json?: true },
): Promise<void> {
  // Checked before the database is opened, so that a mistake is reported at once.
  const wanted = editOf(options);
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(), catalogue };
    const edited = await edit(context, { bot: given, edit: wanted, settings: { set, unset } });
    const { bot, before, changed } = edited;
    if (options.json) return printJson(bot);
    if (!before) return say(nothingToChange(bot.name, edited.wanted));
    table(
      ['Changed', 'Before', '', 'After'],
      changed.map((column) => [column, showValue(before[column]), '->', showValue(bot[column])]),
      '',
    );
    if (before.status !== bot.status)
      say(`${bot.name} is ${state(bot.status)} now, it was ${state(before.status)}.`);
    else if (bot.status === 'error')
      say(paint('yellow', `${bot.name} is still in error: ${printable(bot.status_reason ?? '')}`));
    if (bot.status === 'active' && bot.next_execution_at === null)
      say("Its next run is planned at the scheduler's next tick.");
  });
}

const nothingToChange = (name: string, wanted: readonly string[]): string =>
  wanted.length === 0
    ? 'Nothing to change: no option was given. --help lists them.'
    : `Nothing to change: ${name} has these values already.`;

const showValue = (value: unknown): string =>
  value === null
    ? '-'
    : printable(typeof value === 'object' ? JSON.stringify(value) : String(value));

import { addBot as insert } from '../../transitions/bots/add.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { inspectDefinition } from '../../schedule/definition.ts';
import { askFor } from '../terminal/ask.ts';
import { checkName, columnsOf, type DefinitionOptions } from './definition.ts';
import { scheduleInWords } from '../../services/bots/schedule.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { json, say } from '../terminal/print.ts';

/** The name is in use; the bot that has it was not touched. */
export class NameTakenError extends RoundsmanError {}

export async function addBot(name: string, options: DefinitionOptions): Promise<void> {
  checkName(name);
  const catalogue = await loadCatalogue();
  const names = catalogue.bots.map((bot) => bot.name).join(', ');
  const endpoint =
    options.endpoint ?? (await askFor('--endpoint', `What runs, /api/bots/<one of ${names}>`));
  const known = catalogue.bots.find((bot) => endpoint.endsWith(`/${bot.name}`));
  const schedule =
    options.schedule ?? (await askFor('--schedule', 'Schedule, in cron', known?.schedule));
  const given = columnsOf({ ...options, endpoint, schedule });
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
  await withDatabase(async ({ db }) => {
    const bot = await insert(db, values);
    if (!bot)
      throw new NameTakenError({
        what: `the bot ${name} was not added`,
        why: 'a bot of that name exists',
        hint: `take another name, or change it: \`npx roundsman bots edit ${name}\``,
      });
    if (options.json) return json(bot);
    say(`Added ${name}: ${await scheduleInWords(bot)}.`);
    say("Its first run is planned at the scheduler's next tick.");
  });
}

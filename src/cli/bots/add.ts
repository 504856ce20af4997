import { addBot as add, checkName, newBot, type BotDefinition } from '../../services/bots/add.ts';
import { scheduleInWords } from '../../services/bots/schedule.ts';
import { actorOf } from '../arguments/actor.ts';
import { askFor } from '../terminal/ask.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { json, say } from '../terminal/print.ts';

export async function addBot(
  name: string,
  options: BotDefinition & { json?: true },
): Promise<void> {
  checkName(name);
  const catalogue = await loadCatalogue();
  const names = catalogue.bots.map((bot) => bot.name).join(', ');
  const endpoint =
    options.endpoint ?? (await askFor('--endpoint', `What runs, /api/bots/<one of ${names}>`));
  const known = catalogue.bots.find((bot) => endpoint.endsWith(`/${bot.name}`));
  const schedule =
    options.schedule ?? (await askFor('--schedule', 'Schedule, in cron', known?.schedule));
  // Checked before the database is opened, so that a mistake is reported at once.
  const wanted = newBot({ ...options, name, endpoint, schedule }, catalogue);
  await withDatabase(async ({ db }) => {
    const { bot, aside } = await add({ db, actor: actorOf() }, { bot: wanted });
    if (options.json) return json(bot);
    say(`Added ${name}: ${await scheduleInWords(bot)}.`);
    if (aside) say(`The removed bot that was called ${name} is ${aside} now.`);
    say("Its first run is planned at the scheduler's next tick.");
  });
}

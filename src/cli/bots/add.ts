import {
  addBot as add,
  checkEndpoint,
  checkGiven,
  checkName,
  checkSchedule,
  newBot,
  requireRunnableEndpoint,
  refuseTakenName,
  type GivenBot,
} from '../../services/bots/add.ts';
import { abilitiesOf } from '../../services/bots/abilities.ts';
import { listCatalogue } from '../../services/bots/catalogue.ts';
import { scheduleInWords } from '../../services/bots/schedule.ts';
import { actorOf } from '../arguments/actor.ts';
import { printMissingSecret } from './abilities.ts';
import { askFor, canAsk } from '../terminal/ask.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, say } from '../terminal/print.ts';

type Catalogue = Awaited<ReturnType<typeof loadCatalogue>>;

export async function addBot(name: string, options: GivenBot & { json?: true }): Promise<void> {
  checkName(name);
  const catalogue = await loadCatalogue();
  // What was given is checked before the database is opened and anything is asked, so that a mistake is told at once.
  checkGiven(options, catalogue);
  const isAsked = (options.endpoint === undefined || options.schedule === undefined) && canAsk();
  const complete = isAsked ? null : await completeBot(name, options, catalogue);
  await withDatabase(async ({ db }) => {
    if (isAsked) await refuseTakenName(db, name);
    const refuse = (endpoint: string) =>
      requireRunnableEndpoint({ db, catalogue }, { name, endpoint });
    const definition = complete ?? (await completeBot(name, options, catalogue, refuse));
    const { bot, newNameOfRemoved } = await add(
      { db, actor: actorOf(), catalogue },
      { bot: definition },
    );
    if (options.json) return printJson(bot);
    say(`Added ${name}: ${await scheduleInWords(bot)}.`);
    if (newNameOfRemoved)
      say(`The removed bot that was called ${name} is ${newNameOfRemoved} now.`);
    say("Its first run is planned at the scheduler's next tick.");
    const abilities = await abilitiesOf({ db, catalogue }, bot);
    if (abilities) printMissingSecret(abilities.secrets);
  });
}

/** The bot with what a person is asked for; each answer is checked at once. */
async function completeBot(
  name: string,
  options: GivenBot,
  catalogue: Catalogue,
  refuse?: (endpoint: string) => Promise<void>,
) {
  const bots = listCatalogue(catalogue);
  const names = bots.map((bot) => bot.name).join(', ');
  const endpoint =
    options.endpoint ??
    (await askFor('--endpoint', `What runs, one of ${names}`, {
      check: (text) => checkEndpoint(text, catalogue),
    }));
  await refuse?.(endpoint);
  // Checked with any schedule, so that a setting that the bot does not have is reported before the schedule is asked for.
  const provisional = { ...options, name, endpoint, schedule: options.schedule ?? '@daily' };
  newBot(provisional, catalogue);
  const known = bots.find((bot) => [bot.name, bot.endpoint, `bot:${bot.name}`].includes(endpoint));
  const schedule =
    options.schedule ??
    (await askFor('--schedule', 'Schedule, in cron', {
      defaultAnswer: known?.schedule_cron,
      check: (text) => checkSchedule(text, options.timezone),
    }));
  return newBot({ ...options, name, endpoint, schedule }, catalogue);
}

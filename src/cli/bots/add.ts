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
  type NewBot,
} from '../../services/bots/add.ts';
import { abilitiesOf } from '../../services/bots/abilities.ts';
import { listCatalogue } from '../../services/bots/catalogue.ts';
import { previewSchedule } from '../../services/bots/preview.ts';
import { scheduleInWords } from '../../services/bots/schedule.ts';
import { actorOf } from '../arguments/actor.ts';
import { printMissingSecret } from './abilities.ts';
import { agrees, askFor, canAsk } from '../terminal/ask.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase, type Session } from '../session/database.ts';
import { note, noteCommand, printJson, say } from '../terminal/print.ts';

type Catalogue = Awaited<ReturnType<typeof loadCatalogue>>;

interface AddOptions extends GivenBot {
  json?: true;
}

/** How many of the next times of a schedule are shown before it is added. */
const shownSlots = 5;

export async function addBot(
  givenName: string | undefined,
  { json, ...options }: AddOptions,
): Promise<void> {
  const name = givenName ?? (await askFor('NAME', 'Name of the bot', { check: checkName }));
  checkName(name);
  const catalogue = await loadCatalogue();
  // What was given is checked before the database is opened and anything is asked, so that a mistake is told at once.
  checkGiven(options, catalogue);
  const isMissing = [givenName, options.endpoint, options.schedule].includes(undefined);
  const isAsked = isMissing && canAsk();
  const complete = isAsked ? null : await completeBot({ name, options }, catalogue);
  await withDatabase(async (session) => {
    const { db } = session;
    if (isAsked) await refuseTakenName(db, name);
    const refuse = (endpoint: string) =>
      requireRunnableEndpoint({ db, catalogue }, { name, endpoint });
    const given = complete ?? (await askForAll({ name, options }, catalogue, refuse));
    const definition = newBot({ ...given, name }, catalogue);
    if (isAsked && !(await isWanted(session, catalogue, { name, given, definition }))) return;
    const { bot, newNameOfRemoved } = await add(
      { db, actor: actorOf(), catalogue },
      { bot: definition },
    );
    if (json) return printJson(bot);
    say(`Added ${name}: ${await scheduleInWords(bot)}.`);
    if (newNameOfRemoved)
      say(`The removed bot that was called ${name} is ${newNameOfRemoved} now.`);
    say("Its first run is planned at the scheduler's next tick.");
    const abilities = await abilitiesOf({ db, catalogue }, bot);
    if (abilities) printMissingSecret(abilities.secrets);
  });
}

type Complete = GivenBot & { endpoint: string; schedule: string };

/** The bot with its endpoint and its schedule, which are asked for where they are missing. */
async function completeBot(
  { name, options }: { name: string; options: GivenBot },
  catalogue: Catalogue,
  refuse?: (endpoint: string) => Promise<void>,
): Promise<Complete> {
  const endpoint = await endpointFor({ name, options }, catalogue);
  await refuse?.(endpoint);
  const provisional = { ...options, name: 'new', endpoint, schedule: options.schedule ?? '@daily' };
  // Checked with any schedule, so that a setting that the bot does not have is reported before the schedule is asked for.
  newBot(provisional, catalogue);
  return { ...options, endpoint, schedule: await scheduleFor(options, endpoint, catalogue) };
}

/** All that is missing, with the defaults of the bot's schema; each answer is checked at once. */
async function askForAll(
  { name, options }: { name: string; options: GivenBot },
  catalogue: Catalogue,
  refuse: (endpoint: string) => Promise<void>,
): Promise<Complete> {
  const endpoint = await endpointFor({ name, options }, catalogue);
  await refuse(endpoint);
  const { askForSettings, checkSettings } = await import('./ask-settings.ts');
  checkSettings(catalogue, endpoint, options.set ?? []);
  const schedule = await scheduleFor(options, endpoint, catalogue);
  const timezone =
    options.timezone ??
    (await askFor('--timezone', 'Zone of the schedule', {
      defaultAnswer: 'UTC',
      check: (text) => checkSchedule(schedule, text.trim()),
    }));
  const given = { ...options, endpoint, schedule, ...(timezone !== 'UTC' && { timezone }) };
  if (options.config !== undefined) return given;
  const set = await askForSettings(catalogue, endpoint, options.set ?? []);
  return { ...given, ...(set.length > 0 && { set }) };
}

async function endpointFor(
  { name, options }: { name: string; options: GivenBot },
  catalogue: Catalogue,
): Promise<string> {
  const names = listCatalogue(catalogue).map((bot) => bot.name);
  return (
    options.endpoint ??
    askFor('--endpoint', `What runs, one of ${names.join(', ')}`, {
      // A bot of the catalogue is mostly added under its own name.
      defaultAnswer: names.includes(name) ? name : undefined,
      check: (text) => checkEndpoint(text, catalogue),
    })
  );
}

async function scheduleFor(
  options: GivenBot,
  endpoint: string,
  catalogue: Catalogue,
): Promise<string> {
  const known = listCatalogue(catalogue).find((bot) =>
    [bot.name, bot.endpoint, `bot:${bot.name}`].includes(endpoint),
  );
  return (
    options.schedule ??
    askFor('--schedule', 'Schedule, in cron', {
      defaultAnswer: known?.schedule_cron,
      check: (text) => checkSchedule(text, options.timezone),
    })
  );
}

/** Shows when it would run, what its checks say now, and the same as one command; then asks. */
async function isWanted(
  session: Session,
  catalogue: Catalogue,
  { name, given, definition }: { name: string; given: Complete; definition: NewBot },
): Promise<boolean> {
  const { asCommand, tellSchedule } = await import('./show-new.ts');
  tellSchedule(await previewSchedule(session.db, definition, shownSlots));
  const { tellDryRun } = await import('./dry-run.ts');
  await tellDryRun(session, catalogue, definition);
  note('the same as one command:');
  noteCommand(asCommand(name, given));
  if (await agrees('Add it?', 'every option')) return true;
  note('nothing was added');
  return false;
}

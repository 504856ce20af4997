import { Command, Option } from 'commander';
import { moment, seconds } from '../arguments/durations.ts';
import { jsonOption, limitOption, wholeNumber, yesOption } from '../arguments/options.ts';
import { repeatedOption } from '../arguments/words.ts';

const named = ['<name>', 'the name of the bot'] as const;

/** `roundsman bots ...` */
export function botsCommand(): Command {
  const bots = new Command('bots').description('what runs, and when');
  bots
    .command('list')
    .description('every bot with its schedule, its last and its next run')
    .option('--removed', 'with those that were removed')
    .option(...limitOption, 100)
    .option(...jsonOption)
    .action(async (options) => (await import('./list.ts')).listBots(options));
  bots
    .command('show')
    .argument(...named)
    .description('one bot with its settings, its newest runs and its open findings')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./show.ts')).showBot(name, options));
  bots
    .command('catalogue')
    .argument('[name]', 'one of them, with its checks and its settings')
    .description('what --endpoint may name: the bots that the catalogue brings')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./catalogue.ts')).showCatalogue(name, options));
  definition(bots.command('add').argument(...named))
    .description('add a bot; on a terminal it asks for what is missing')
    .action(async (name, options) => (await import('./add.ts')).addBot(name, options));
  definition(bots.command('edit').argument(...named))
    .addOption(
      repeatedOption('--unset <key>', 'give a setting its default again').conflicts('config'),
    )
    .description('change the given options and nothing else; a valid edit ends an error')
    .action(async (name, options) => (await import('./edit.ts')).editBot(name, options));
  bots
    .command('pause')
    .argument(...named)
    .description('stop a bot from running until it is resumed')
    .option('--reason <text>', 'the reason, for people who ask later')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./pause.ts')).pauseBot(name, options));
  bots
    .command('resume')
    .argument(...named)
    .description('let a bot run again; runs that it missed meanwhile are not queued')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./pause.ts')).resumeBot(name, options));
  bots
    .command('disable')
    .argument(...named)
    .description('take a bot out of service: its open runs are cancelled, and none begins')
    .option('--reason <text>', 'the reason, for people who ask later')
    .option(...yesOption)
    .option(...jsonOption)
    .action(async (name, options) => (await import('./enable.ts')).disableBot(name, options));
  bots
    .command('enable')
    .argument(...named)
    .description('let a bot run again that was disabled or removed')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./enable.ts')).enableBot(name, options));
  bots
    .command('rename')
    .argument(...named)
    .argument('<new-name>', 'its new name')
    .description('give a bot another name; its history shows the new one')
    .option(...yesOption)
    .option(...jsonOption)
    .action(async (name, newName, options) =>
      (await import('./rename.ts')).renameBot(name, newName, options),
    );
  bots
    .command('remove')
    .argument(...named)
    .description(
      'remove a bot: it does not run, lists leave it out, its name is free; its history stays, and `enable` restores it',
    )
    .option('--reason <text>', 'the reason, for people who ask later')
    .option(...yesOption)
    .option(...jsonOption)
    .action(async (name, options) => (await import('./remove.ts')).removeBot(name, options));
  bots
    .command('run')
    .argument(...named)
    .description('queue a run now, outside of the schedule')
    .option('--wait', 'wait for its result; exit code 1 unless it is a success')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./run.ts')).runBot(name, options));
  bots
    .command('next')
    .argument('[name]', 'the name of the bot; every active one unless given')
    .description('the next runs of one bot, or the next run of every active bot')
    .option(
      '-n, --count <n>',
      'of one bot: how many times (default: 5)',
      wholeNumber('--count', 1, 1000),
    )
    .option(limitOption[0], 'of every bot: rows at most (default: 100)', limitOption[2])
    .option(...jsonOption)
    .action(async (name, options) => (await import('./next.ts')).nextRuns(name, options));
  bots
    .command('backfill')
    .argument(...named)
    .description('queue runs for slots of the past that had none or were skipped')
    .requiredOption(
      '--since <time>',
      "the beginning of the period: 24h, 7d, '2026-11-22 09:00' (UTC, or with an offset such as +01:00)",
      moment('--since'),
    )
    .option(
      '--until <time>',
      'the end of the period, not included (now if not given)',
      moment('--until'),
    )
    .option(
      '-l, --limit <n>',
      'refuse a period with more slots',
      wholeNumber('--limit', 1, 100_000),
      1000,
    )
    .option('--dry-run', 'say what would be queued, and write nothing')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./backfill.ts')).backfillBot(name, options));
  return bots;
}

/** The columns of a bot's definition, as options of `add` and `edit`. */
function definition(command: Command): Command {
  const inSeconds = (flag: string, least: number, most: number, example: string) =>
    seconds(flag, { least, most, example });
  // `edit` leaves options that are not given as they are.
  const otherwise = (value: string) => (command.name() === 'add' ? ` (${value})` : '');
  return command
    .option('--schedule <cron>', "five cron fields, as in '*/5 * * * *', or a word such as @hourly")
    .option(
      '--endpoint <name>',
      'what runs: a bot of the catalogue, as /api/bots/<name> or its name',
    )
    .option('--display-name <text>', 'its name for people')
    .option('--description <text>', 'what it is for')
    .option('--timezone <zone>', `the zone of the schedule, as in Europe/Berlin${otherwise('UTC')}`)
    .option('--config <json>', "the bot's own settings, all of them, as a JSON object")
    .addOption(
      repeatedOption('--set <key=value>', 'one setting, as JSON or text').conflicts('config'),
    )
    .addOption(
      new Option(
        '--catch-up <how>',
        `which slots that were missed in a downtime run later${otherwise('last')}`,
      ).choices(['skip', 'last', 'all']),
    )
    .option(
      '--catch-up-limit <n>',
      `the most missed slots that \`all\` runs later${otherwise('10')}`,
      wholeNumber('--catch-up-limit', 1, 100),
    )
    .option(
      '--grace <time>',
      `how late a missed slot still runs: 90s, 30m, 2h${otherwise('1h')}`,
      inSeconds('--grace', 0, 31_536_000, '30m'),
    )
    .addOption(
      new Option(
        '--overlap <how>',
        `what happens to a slot that comes while the bot runs${otherwise('skip')}`,
      ).choices(['skip', 'queue']),
    )
    .option(
      '--concurrency <n>',
      `the most runs at the same time${otherwise('1')}`,
      wholeNumber('--concurrency', 1, 1000),
    )
    .option(
      '--jitter <time>',
      `delay each start by a random time up to this${otherwise('0s')}`,
      inSeconds('--jitter', 0, 86_400, '30s'),
    )
    .option(
      '--timeout <time>',
      `the longest a run may take${otherwise('60s')}`,
      inSeconds('--timeout', 1, 86_400, '90s'),
    )
    .option(
      '--max-attempts <n>',
      `the most attempts of one run${otherwise('3')}`,
      wholeNumber('--max-attempts', 1, 100),
    )
    .option(
      '--priority <n>',
      `0 goes first, then 1, 2, ...${otherwise('0')}`,
      wholeNumber('--priority', 0, 2_097_151),
    )
    .option(
      '--confirm <n>',
      `failures in a row before a finding counts${otherwise('1')}`,
      wholeNumber('--confirm', 1, 20),
    )
    .option(
      '--clear <n>',
      `clean runs in a row before a finding resolves${otherwise('1')}`,
      wholeNumber('--clear', 1, 20),
    )
    .option(...jsonOption);
}

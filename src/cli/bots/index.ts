import { Command, Option } from 'commander';
import { moment, seconds } from '../arguments/durations.ts';
import { jsonOption, limitOption, wholeNumber } from '../arguments/options.ts';

const named = ['<name>', 'the name of the bot'] as const;

/** `roundsman bots ...` */
export function botsCommand(): Command {
  const bots = new Command('bots').description('what runs, and when');
  bots
    .command('list')
    .description('every bot with its schedule, its last and its next run')
    .option(...limitOption, 100)
    .option(...jsonOption)
    .action(async (options) => (await import('./list.ts')).listBots(options));
  bots
    .command('show')
    .argument(...named)
    .description('one bot with its settings, its newest runs and its open findings')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./show.ts')).showBot(name, options));
  definition(bots.command('add').argument(...named))
    .description('add a bot; on a terminal it asks for what is missing')
    .action(async (name, options) => (await import('./add.ts')).addBot(name, options));
  definition(bots.command('edit').argument(...named))
    .description('change the given options and nothing else; a valid edit ends an error')
    .action(async (name, options) => (await import('./edit.ts')).editBot(name, options));
  bots
    .command('pause')
    .argument(...named)
    .description('keep a bot from running until it is resumed')
    .option('--reason <text>', 'the reason, for people who ask later')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./pause.ts')).pauseBot(name, options));
  bots
    .command('resume')
    .argument(...named)
    .description('let a bot run again; the runs that it missed are not made up for')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./pause.ts')).resumeBot(name, options));
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
    .description('when a bot will run, or the next run of every active bot')
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
      "from when on: 24h, 7d, '2026-11-22 09:00' (UTC, or with an offset such as +01:00)",
      moment('--since'),
    )
    .option('--until <time>', 'up to this time and without it (now)', moment('--until'))
    .option(
      '-l, --limit <n>',
      'refuse a stretch of more slots',
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
    .option('--endpoint <path>', 'what runs: /api/bots/<name of a bot in the catalogue>')
    .option('--display-name <text>', 'its name for people')
    .option('--description <text>', 'what it is for')
    .option('--timezone <zone>', `the zone of the schedule, as in Europe/Berlin${otherwise('UTC')}`)
    .option('--config <json>', "the bot's own settings, all of them, as a JSON object")
    .addOption(
      new Option(
        '--catch-up <how>',
        `what becomes of slots missed in a downtime${otherwise('last')}`,
      ).choices(['skip', 'last', 'all']),
    )
    .option(
      '--catch-up-limit <n>',
      `runs that \`all\` makes up for at most${otherwise('10')}`,
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
        `a slot that comes while the bot runs${otherwise('skip')}`,
      ).choices(['skip', 'queue']),
    )
    .option(
      '--concurrency <n>',
      `runs at once${otherwise('1')}`,
      wholeNumber('--concurrency', 1, 1000),
    )
    .option(
      '--jitter <time>',
      `spread the start over so long${otherwise('0s')}`,
      inSeconds('--jitter', 0, 86_400, '30s'),
    )
    .option(
      '--timeout <time>',
      `the longest a run may take${otherwise('60s')}`,
      inSeconds('--timeout', 1, 86_400, '90s'),
    )
    .option(
      '--max-attempts <n>',
      `starts of one run at most${otherwise('3')}`,
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

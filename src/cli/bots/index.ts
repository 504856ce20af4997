import { Option } from 'commander';
import { Command } from '../arguments/command.ts';
import { moment, seconds } from '../arguments/durations.ts';
import { jsonOption, limitOption, wholeNumber, yesOption } from '../arguments/options.ts';
import { repeatedOption } from '../arguments/words.ts';
import { listJson, showJson } from '../arguments/show-options.ts';
import { withDefinition } from './definition-options.ts';

const nameArgument = ['<name>', 'the name of the bot'] as const;
const namesArgument = ['<names...>', 'the names of the bots'] as const;

/** `roundsman bots ...` */
export function botsCommand(): Command {
  const bots = new Command('bots').description('what runs, and when');
  bots
    .command('list')
    .description('every bot with its schedule, its last and its next run')
    .example('npx roundsman bots list')
    .example('npx roundsman bots list --removed --json')
    .option('--removed', 'with those that were removed')
    .option(...limitOption, 100)
    .addOption(listJson({ sortable: true }))
    .action(async (options) => (await import('./list.ts')).listBots(options));
  bots
    .command('show')
    .argument(...nameArgument)
    .description('one bot with its settings, its newest runs and its open findings')
    .example('npx roundsman bots show ledger')
    .addOption(showJson())
    .action(async (name, options) => (await import('./show.ts')).showBot(name, options));
  bots
    .command('catalogue')
    .argument('[name]', 'one of them, with its checks and its settings')
    .description('what --endpoint may name: the bots that the catalogue brings')
    .example('npx roundsman bots catalogue')
    .example('npx roundsman bots catalogue sentinel-api')
    .addOption(listJson({ sortable: true }))
    .action(async (name, options) => (await import('./catalogue.ts')).showCatalogue(name, options));
  withDefinition(bots.command('add').argument(...nameArgument))
    .description('add a bot; on a terminal it asks for what is missing')
    .example("npx roundsman bots add night-ledger --endpoint ledger --schedule '0 3 * * *'")
    .example('npx roundsman bots add pay --endpoint sentinel-api --schedule @hourly')
    .action(async (name, options) => (await import('./add.ts')).addBot(name, options));
  withDefinition(bots.command('edit').argument(...nameArgument))
    .addOption(
      repeatedOption('--unset <key>', 'give a setting its default again').conflicts('config'),
    )
    .description('change the given options and nothing else; a valid edit ends an error')
    .example('npx roundsman bots edit ledger --schedule @daily --timezone Europe/Berlin')
    .example('npx roundsman bots edit sentinel-api --timeout 90s --max-attempts 5')
    .action(async (name, options) => (await import('./edit.ts')).editBot(name, options));
  bots
    .command('pause')
    .argument(...namesArgument)
    .description('stop bots from running until they are resumed')
    .example("npx roundsman bots pause ledger --reason 'the books are closed'")
    .example('npx roundsman bots pause ledger sentinel-api')
    .option('--reason <text>', 'the reason, for people who ask later')
    .option(...jsonOption)
    .action(async (names, options) => (await import('./pause.ts')).pauseBots(names, options));
  bots
    .command('resume')
    .argument(...namesArgument)
    .description('let bots run again; runs that they missed meanwhile are not queued')
    .example('npx roundsman bots resume ledger sentinel-api')
    .option(...jsonOption)
    .action(async (names, options) => (await import('./pause.ts')).resumeBots(names, options));
  bots
    .command('disable')
    .argument(...namesArgument)
    .description('take bots out of service: their open runs are cancelled, and none begins')
    .example("npx roundsman bots disable janitor --reason 'another tool does this'")
    .option('--reason <text>', 'the reason, for people who ask later')
    .option(...yesOption)
    .option(...jsonOption)
    .action(async (names, options) => (await import('./enable.ts')).disableBots(names, options));
  bots
    .command('enable')
    .argument(...namesArgument)
    .description('let bots run again that were disabled or removed')
    .example('npx roundsman bots enable janitor')
    .option(...jsonOption)
    .action(async (names, options) => (await import('./enable.ts')).enableBots(names, options));
  bots
    .command('rename')
    .argument(...nameArgument)
    .argument('<new-name>', 'its new name')
    .description('give a bot another name; its history shows the new one')
    .example('npx roundsman bots rename ledger credits')
    .option(...yesOption)
    .option(...jsonOption)
    .action(async (name, newName, options) =>
      (await import('./rename.ts')).renameBot(name, newName, options),
    );
  bots
    .command('remove')
    .argument(...nameArgument)
    .description(
      'remove a bot: it does not run, lists leave it out, its name is free; its history stays, and `enable` restores it',
    )
    .example('npx roundsman bots remove janitor --yes')
    .option('--reason <text>', 'the reason, for people who ask later')
    .option(...yesOption)
    .option(...jsonOption)
    .action(async (name, options) => (await import('./remove.ts')).removeBot(name, options));
  bots
    .command('run')
    .argument(...namesArgument)
    .description('queue a run of each bot now, outside of the schedule')
    .example('npx roundsman bots run ledger --wait')
    .example('npx roundsman bots run ledger sentinel-api --json')
    .option('--wait', 'wait for their results; exit code 1 unless each is a success')
    .option(...jsonOption)
    .action(async (names, options) => (await import('./run.ts')).runBots(names, options));
  bots
    .command('verify')
    .argument('<bot>', 'the name of a remote bot, or an https address')
    .description(
      'call a remote bot once rightly and then wrongly, and say line by line whether it keeps its contract; exit code 1 if not',
    )
    .example('npx roundsman bots verify mail')
    .example('npx roundsman bots verify https://example.com/api/bots/mail --secret BOT_KEY')
    .addOption(
      new Option(
        '--contract <contract>',
        'the contract (default: that of the bot, else signed)',
      ).choices(['signed', 'cron', 'async']),
    )
    .addOption(repeatedOption('--secret <name>', 'a stored secret, in place of those of the bot'))
    .option(...jsonOption)
    .action(async (bot, options) => (await import('./verify.ts')).verifyBot(bot, options));
  bots
    .command('new')
    .argument(...nameArgument)
    .description(
      'write the file of a bot of your own and its test, which fails until one line of the bot is edited',
    )
    .example('npx roundsman bots new late-orders')
    .example('npx roundsman bots new late-orders --remedy')
    .option('--remedy', 'with a remedy, and the entry of knowledge that applies it')
    .option('--folder <path>', 'where to; the first folder of roundsman.config.ts unless given')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./new.ts')).newBot(name, options));
  bots
    .command('check')
    .argument('<file>', 'a file with a bot, as the folders of roundsman.config.ts have them')
    .description(
      'ask the checks of a file that is being written, and print what they would report; nothing is written. Exit code 1 if one errors, 6 if one would report a problem',
    )
    .example('npx roundsman bots check bots/hello.ts')
    .example(`npx roundsman bots check bots/hello.ts --check greeting --config '{"days": 7}'`)
    .option('--bot <name>', 'one of several bots of the file')
    .option('--check <name>', 'one of its checks; all unless given')
    .option('--config <json>', "the bot's settings; their defaults unless given")
    .option(
      '--timeout <time>',
      'how long the checks may take together (what the bot says, else 60s)',
      seconds('--timeout', { least: 1, most: 86_400, example: '90s' }),
    )
    .option(...jsonOption)
    .action(async (file, options) => (await import('./check.ts')).checkFile(file, options));
  bots
    .command('next')
    .argument('[name]', 'the name of the bot; every active one unless given')
    .description('the next runs of one bot, or the next run of every active bot')
    .example('npx roundsman bots next')
    .example('npx roundsman bots next ledger --count 3')
    .option(
      '-n, --count <n>',
      'of one bot: how many times (default: 5)',
      wholeNumber('--count', 1, 1000),
    )
    .option(limitOption[0], 'of every bot: rows at most (default: 100)', limitOption[2])
    .addOption(listJson({ sortable: true }))
    .action(async (name, options) => (await import('./next.ts')).nextRuns(name, options));
  bots
    .command('backfill')
    .argument(...nameArgument)
    .description('queue runs for slots of the past that had none or were skipped')
    .example('npx roundsman bots backfill ledger --since 24h --dry-run')
    .example('npx roundsman bots backfill ledger --since 2026-11-22 --until 2026-11-23')
    .requiredOption(
      '--since <time>',
      "the beginning of the period: 24h, 7d, '2026-11-22 09:00' (in your zone, or with an offset such as +01:00)",
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

/** The options of `bots add` and `bots edit`. */
import { Option } from 'commander';
import type { Command } from '../arguments/command.ts';
import { seconds } from '../arguments/durations.ts';
import { jsonOption, wholeNumber } from '../arguments/options.ts';
import { repeatedOption } from '../arguments/words.ts';

/** Adds the columns of a bot's definition, as options of `add` and `edit`. */
export function withDefinition(command: Command): Command {
  const inSeconds = (flag: string, least: number, most: number, example: string) =>
    seconds(flag, { least, most, example });
  // `edit` leaves options that are not given as they are.
  const defaultOfAdd = (value: string) => (command.name() === 'add' ? ` (${value})` : '');
  return command
    .option('--schedule <cron>', "five cron fields, as in '*/5 * * * *', or a word such as @hourly")
    .option(
      '--endpoint <name>',
      'what runs: a bot of the catalogue, as /api/bots/<name> or its name; or the https address of a remote bot',
    )
    .option('--display-name <text>', 'its name for people')
    .option('--description <text>', 'what it is for')
    .option(
      '--timezone <zone>',
      `the zone of the schedule, as in Europe/Berlin${defaultOfAdd('UTC')}`,
    )
    .option('--config <json>', "the bot's own settings, all of them, as a JSON object")
    .addOption(
      repeatedOption('--set <key=value>', 'one setting, as JSON or text').conflicts('config'),
    )
    .addOption(
      new Option(
        '--catch-up <how>',
        `which slots that were missed in a downtime run later${defaultOfAdd('last')}`,
      ).choices(['skip', 'last', 'all']),
    )
    .option(
      '--catch-up-limit <n>',
      `the most missed slots that \`all\` runs later${defaultOfAdd('10')}`,
      wholeNumber('--catch-up-limit', 1, 100),
    )
    .option(
      '--grace <time>',
      `how late a missed slot still runs: 90s, 30m, 2h${defaultOfAdd('1h')}`,
      inSeconds('--grace', 0, 31_536_000, '30m'),
    )
    .addOption(
      new Option(
        '--overlap <how>',
        `what happens to a slot that comes while the bot runs${defaultOfAdd('skip')}`,
      ).choices(['skip', 'queue']),
    )
    .option(
      '--concurrency <n>',
      `the most runs at the same time${defaultOfAdd('1')}`,
      wholeNumber('--concurrency', 1, 1000),
    )
    .option(
      '--jitter <time>',
      `delay each start by a random time up to this${defaultOfAdd('0s')}`,
      inSeconds('--jitter', 0, 86_400, '30s'),
    )
    .option(
      '--timeout <time>',
      `the longest a run may take${defaultOfAdd('60s')}`,
      inSeconds('--timeout', 1, 86_400, '90s'),
    )
    .option(
      '--max-attempts <n>',
      `the most attempts of one run${defaultOfAdd('3')}`,
      wholeNumber('--max-attempts', 1, 100),
    )
    .option(
      '--priority <n>',
      `0 goes first, then 1, 2, ...${defaultOfAdd('0')}`,
      wholeNumber('--priority', 0, 2_097_151),
    )
    .option(
      '--confirm <n>',
      `failures in a row before a finding counts${defaultOfAdd('1')}`,
      wholeNumber('--confirm', 1, 20),
    )
    .option(
      '--clear <n>',
      `clean runs in a row before a finding resolves${defaultOfAdd('1')}`,
      wholeNumber('--clear', 1, 20),
    )
    .option(...jsonOption);
}

import { Option } from 'commander';
import { Command } from '../arguments/command.ts';
import { seconds } from '../arguments/durations.ts';
import { idArgument, jsonOption, limitOption, yesOption } from '../arguments/options.ts';
import { listJson } from '../arguments/show-options.ts';
import { addHistoryAndRevert } from '../history/index.ts';

/** A year at most: a person who wants a longer silence should change the bot. */
const silenceBounds = { least: 60, most: 365 * 86_400, example: '2h' };

/** `roundsman silences ...` */
export function silencesCommand(): Command {
  const silences = new Command('silences').description(
    'findings of which people are not told and that are not healed, for a while',
  );
  silences
    .command('list')
    .description('silences in force, the newest first, and how many findings each hides now')
    .example('npx roundsman silences list')
    .example('npx roundsman silences list --all')
    .option('--all', 'also those that have ended')
    .option(...limitOption, 50)
    .addOption(listJson({ sortable: true }))
    .action(async (options) => (await import('./list.ts')).listSilences(options));
  silences
    .command('add')
    .description('silence the findings that match all given options')
    .example('npx roundsman silences add --component /api/export --for 2h --reason rebuilt')
    .example('npx roundsman silences add --bot ledger --until-resolved --reason known')
    .option('--bot <name>', 'findings of this bot')
    .option('--component <name>', 'findings about this component')
    .option('--category <name>', 'findings of this category')
    .option('--fingerprint <text>', 'this one problem (`findings show` shows its fingerprint)')
    .addOption(
      new Option('--for <time>', 'how long: 30m, 2h, 3d')
        .argParser(seconds('--for', silenceBounds))
        .conflicts('untilResolved'),
    )
    .option('--until-resolved', 'until no finding that it covers is open any more')
    .option('--reason <text>', 'why; lists show it')
    .option(
      yesOption[0],
      'also for a name that no finding ever had, without asking; needed for that where there is no terminal',
    )
    .option('--as <name>', 'whose it is (the account that runs the command)')
    .option(...jsonOption)
    .action(async (options) => (await import('./change.ts')).addSilence(options));
  silences
    .command('end')
    .argument(...idArgument)
    .description('end a silence now; the first digits of its id are enough')
    .example('npx roundsman silences end 1a2b3c4d')
    .option(...jsonOption)
    .action(async (id, options) => (await import('./change.ts')).endSilence(id, options));
  addHistoryAndRevert(silences, {
    kind: 'silence',
    example: '1a2b3c4d',
    called: 'the id of one, or at least the first 4 digits of it',
  });
  return silences;
}

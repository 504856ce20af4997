import { Option } from 'commander';
import { Command } from '../arguments/command.ts';
import { seconds } from '../arguments/durations.ts';
import { asOption, jsonOption, limitOption, yesOption } from '../arguments/options.ts';
import { listJson, showJson, sinceOption } from '../arguments/show-options.ts';

const groupArgument = ['<group>', 'its number; or the id of an error in it'] as const;
const groupsArgument = ['<groups...>', 'their numbers; or the ids of errors in them'] as const;

/** A year at most, as with silences. */
const muteBounds = { least: 60, most: 365 * 86_400, example: '7d' };

/** `roundsman errors ...` */
export function errorsCommand(): Command {
  const errors = new Command('errors').description(
    'groups of errors in error_logs that say the same',
  );
  errors
    .command('list')
    .description('groups of errors, those with the newest error first')
    .example('npx roundsman errors list --since 24h')
    .example("npx roundsman errors list --text 'timed out'")
    .option('--type <type>', 'only of this error_type')
    .option('--text <text>', 'only those whose template contains it')
    .addOption(new Option('--muted', 'only the muted ones').conflicts('heard'))
    .addOption(new Option('--heard', 'only those that are not muted'))
    .addOption(sinceOption('only those with an error'))
    .option(...limitOption, 20)
    .addOption(listJson({ sortable: true }))
    .action(async (options) => (await import('./list.ts')).listErrors(options));
  errors
    .command('show')
    .argument(...groupsArgument)
    .description('groups with their templates, releases, stack frames, users and newest errors')
    .example('npx roundsman errors show 12')
    .addOption(showJson())
    .action(async (groups, options) => (await import('./show.ts')).showErrors(groups, options));
  errors
    .command('merge')
    .argument(...groupsArgument)
    .description('have one group stand for several, also for errors that come later')
    .example('npx roundsman errors merge 15 18 --into 12')
    .requiredOption('--into <group>', 'the group that stands for all of them')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (groups, options) => (await import('./change.ts')).mergeErrors(groups, options));
  errors
    .command('split')
    .argument(...groupArgument)
    .description('take a part of a group out of it, also of errors that come later')
    .example('npx roundsman errors split 12 --template 15')
    .example("npx roundsman errors split 12 --containing 'disk full'")
    .addOption(
      new Option('--template <number>', 'this template, with its errors').conflicts('containing'),
    )
    .option('--containing <text>', 'errors that contain this text, from now on')
    .option(yesOption[0], 'also a text that no recent error contains, without asking')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (group, options) => (await import('./change.ts')).splitErrors(group, options));
  errors
    .command('mute')
    .argument(...groupArgument)
    .description('tell people nothing about a group; its errors are counted as before')
    .example('npx roundsman errors mute 12 --for 7d --reason harmless')
    .addOption(
      new Option('--for <time>', 'how long: 2h, 7d; until it is unmuted unless given').argParser(
        seconds('--for', muteBounds),
      ),
    )
    .option('--reason <text>', 'why; lists show it')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (group, options) => (await import('./change.ts')).muteErrors(group, options));
  errors
    .command('unmute')
    .argument(...groupArgument)
    .description('tell people about a muted group again')
    .example('npx roundsman errors unmute 12')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (group, options) => (await import('./change.ts')).unmuteErrors(group, options));
  return errors;
}

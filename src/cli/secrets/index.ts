import { Command } from '../arguments/command.ts';
import { asOption, jsonOption, yesOption } from '../arguments/options.ts';
import { listJson } from '../arguments/show-options.ts';

const nameArgument = [
  '<name>',
  'the name of the secret: a capital letter, then capital letters, digits and _',
] as const;

/** `roundsman secrets ...` */
export function secretsCommand(): Command {
  const secrets = new Command('secrets').description(
    'named secrets, which playbooks refer to as {{secret:NAME}}; no command shows a value',
  );
  secrets
    .command('set')
    .argument(...nameArgument)
    .description(
      'store a value: typed without echo on a terminal, else all of standard input without its last line end',
    )
    .example('npx roundsman secrets set SLACK_TOKEN')
    .example('npx roundsman secrets set SLACK_TOKEN --from-env SLACK_BOT_TOKEN')
    .option(
      '--from-env <variable>',
      'store only the name of a variable, from which each worker reads the value',
    )
    .option(...asOption)
    .option(...jsonOption)
    // An extra argument may be the value itself, and commander's error would repeat it.
    .allowExcessArguments()
    .allowUnknownOption()
    .action(async (name, options, command: Command) =>
      (await import('./set.ts')).setSecret(name, options, command.args.length > 1),
    );
  secrets
    .command('list')
    .description(
      'every secret: its source, who changed it, what uses it, and whether it opens here',
    )
    .example('npx roundsman secrets list')
    .addOption(listJson({ sortable: true }))
    .action(async (options) => (await import('./list.ts')).listSecrets(options));
  secrets
    .command('rotate')
    .description(
      'seal all values with the first key of ROUNDSMAN_KEYS; exit code 1 when one could not be sealed',
    )
    .example('npx roundsman secrets rotate')
    .option(...jsonOption)
    .action(async (options) => (await import('./rotate.ts')).rotateSecrets(options));
  secrets
    .command('remove')
    .argument(...nameArgument)
    .description(
      'remove a secret; no command brings its value back, and playbooks that use it are no longer applied',
    )
    .example('npx roundsman secrets remove SLACK_TOKEN')
    .option(...yesOption)
    .option(...jsonOption)
    .action(async (name, options) => (await import('./remove.ts')).removeSecret(name, options));
  return secrets;
}

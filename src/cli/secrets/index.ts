import { Command } from 'commander';
import { jsonOption, yesOption } from '../arguments/options.ts';

const asOption = ['--as <name>', 'who does this (the account that runs the command)'] as const;

const named = [
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
    .argument(...named)
    .description(
      'store a value: typed without echo on a terminal, else all of standard input without its last line end',
    )
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
    .option(...jsonOption)
    .action(async (options) => (await import('./list.ts')).listSecrets(options));
  secrets
    .command('rotate')
    .description(
      'seal all values with the first key of ROUNDSMAN_KEYS; exit code 1 when one could not be sealed',
    )
    .option(...jsonOption)
    .action(async (options) => (await import('./rotate.ts')).rotateSecrets(options));
  secrets
    .command('remove')
    .argument(...named)
    .description(
      'remove a secret; no command brings its value back, and playbooks that use it are no longer applied',
    )
    .option(...yesOption)
    .option(...jsonOption)
    .action(async (name, options) => (await import('./remove.ts')).removeSecret(name, options));
  return secrets;
}

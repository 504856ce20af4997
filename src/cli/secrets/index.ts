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
      'store a value: asked for without echo on a terminal, else all of standard input but its last line end',
    )
    .option('--from-env <variable>', 'store only where it is: workers read it from this variable')
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
    .description('where each comes from, who changed it, what uses it, whether it opens here')
    .option(...jsonOption)
    .action(async (options) => (await import('./list.ts')).listSecrets(options));
  secrets
    .command('rotate')
    .description(
      'seal all by the first key of ROUNDSMAN_KEYS; exit code 1 when one could not be; values stay',
    )
    .option(...jsonOption)
    .action(async (options) => (await import('./rotate.ts')).rotateSecrets(options));
  secrets
    .command('remove')
    .argument(...named)
    .description(
      'remove a secret; no command brings its value back, and playbooks that use it are not applied any more',
    )
    .option(...yesOption)
    .option(...jsonOption)
    .action(async (name, options) => (await import('./remove.ts')).removeSecret(name, options));
  return secrets;
}

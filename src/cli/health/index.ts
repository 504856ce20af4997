import { Argument } from 'commander';
import { Command } from '../arguments/command.ts';
import { showJson } from '../arguments/show-options.ts';

/** `roundsman health` */
export function healthCommand(): Command {
  return new Command('health')
    .description(
      'whether the process of this host, or of this container, is well; exit code 1 when it is not',
    )
    .example('npx roundsman health')
    .example('npx roundsman health worker --live')
    .addArgument(
      new Argument('[role]', 'which process; any unless given').choices([
        'scheduler',
        'worker',
        'web',
        'up',
      ]),
    )
    .option('--canary', 'also send a test run through the whole installation')
    .option(
      '--live',
      'exit with 0 while the database does not answer: for a probe whose failure restarts the process, which would not help',
    )
    .addOption(showJson({ paged: false }))
    .action(async (role, options) => (await import('./run.ts')).showHealth(role, options));
}

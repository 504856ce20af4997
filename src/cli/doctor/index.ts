import { Command } from '../arguments/command.ts';
import { yesOption } from '../arguments/options.ts';
import { showJson } from '../arguments/show-options.ts';

/** `roundsman doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'examine everything that this installation depends on; exit code 1 when something is broken',
    )
    .example('npx roundsman doctor')
    .example('npx roundsman doctor --json')
    .example('npx roundsman doctor --fix')
    .addOption(showJson({ paged: false }))
    .option(
      '--fix',
      'repair what can be repaired without harm; each repair is named, and asked about',
    )
    .option(...yesOption)
    .action(async (options) => (await import('./run.ts')).runDoctor(options));
}

import { Command } from '../arguments/command.ts';
import { showJson } from '../arguments/show-options.ts';

/** `roundsman doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'examine everything that this installation depends on; exit code 1 when something is broken',
    )
    .example('npx roundsman doctor')
    .example('npx roundsman doctor --json')
    .addOption(showJson({ paged: false }))
    .action(async (options) => (await import('./run.ts')).runDoctor(options));
}

import { Command } from 'commander';
import { jsonOption } from '../arguments/options.ts';

/** `roundsman doctor` */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'examine everything that this installation depends on; exit code 1 when something is broken',
    )
    .option(...jsonOption)
    .action(async (options) => (await import('./run.ts')).runDoctor(options));
}

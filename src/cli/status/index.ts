import { Command } from 'commander';
import { jsonOption } from '../arguments/options.ts';

/** `roundsman status` */
export function statusCommand(): Command {
  return new Command('status')
    .description(
      'whether everything runs, and what needs a person; exit code 6 when something does',
    )
    .option(...jsonOption)
    .action(async (options) => (await import('./show.ts')).showStatus(options));
}

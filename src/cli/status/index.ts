import { Command } from 'commander';
import { jsonOption } from '../arguments/options.ts';

/** `roundsman status` */
export function statusCommand(): Command {
  return new Command('status')
    .description('did everything run, and what needs you; exit code 6 when something does')
    .option(...jsonOption)
    .action(async (options) => (await import('./show.ts')).showStatus(options));
}

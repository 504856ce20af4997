import { Option } from 'commander';
import { Command } from '../arguments/command.ts';
import { showJson } from '../arguments/show-options.ts';

/** `roundsman status` */
export function statusCommand(): Command {
  return new Command('status')
    .description(
      'whether everything runs, and what needs a person; exit code 6 when something does',
    )
    .example('npx roundsman status')
    .example('npx roundsman status --json')
    .addOption(
      new Option(
        '--watch',
        'show as much of it as the terminal has room for, and again every 2 s; q or Ctrl-C ends',
      ).conflicts(['json', 'output', 'time', 'pager']),
    )
    .addOption(showJson())
    .action(async ({ watch, ...options }) =>
      watch
        ? (await import('./watch.ts')).watchStatus()
        : (await import('./show.ts')).showStatus(options),
    );
}

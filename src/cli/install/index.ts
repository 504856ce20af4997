import { Command } from '../arguments/command.ts';
import { yesOption } from '../arguments/options.ts';

/** `roundsman install` */
export function installCommand(): Command {
  return new Command('install')
    .description('put the processes under a service manager of this host')
    .addCommand(systemdCommand());
}

const systemdCommand = () =>
  new Command('systemd')
    .description('write units for scheduler, workers and listener; starts nothing')
    .example('npx roundsman install systemd --dry-run')
    .example('npx roundsman install systemd --folder /etc/systemd/system')
    .option('--dry-run', 'print the units, and write nothing')
    .option('--folder <path>', 'where units go', '/etc/systemd/system')
    .option('--user <account>', 'the account that the processes run as', 'roundsman')
    .option(
      '--settings <path>',
      'the file with DATABASE_URL and other settings',
      '/etc/roundsman/env',
    )
    .option(...yesOption)
    .action(async (options) => (await import('./systemd.ts')).installSystemd(options));

import { Option } from 'commander';
import type { Command } from '../arguments/command.ts';
import { asOption, jsonOption, limitOption } from '../arguments/options.ts';
import { listJson } from '../arguments/show-options.ts';
import { repeatedOption } from '../arguments/words.ts';

const identityOption = [
  '--identity <file>',
  'the file with the identity of age, for a backup that is encrypted',
] as const;
const fromCommandOption = [
  '--from-command <command>',
  "a command of this host's shell that prints the backup",
] as const;

/** `db backup`, `db backups`, `db backup verify` and `db restore` */
export function addBackupCommands(db: Command): void {
  const backup = db
    .command('backup')
    .description('make a backup, or restore a copy of one and compare it; without a word, `make`');
  backup
    .command('make', { isDefault: true })
    .description('make a backup of the database, restore a copy of it, and compare both')
    .example('npx roundsman db backup')
    .example('npx roundsman db backup --to-folder /var/backups/roundsman')
    .example("npx roundsman db backup --to-command 'ssh a save' --from-command 'ssh a load'")
    .addOption(
      new Option(
        '--to-folder <folder>',
        'where the file goes; the setting backup_folder unless given',
      ).conflicts('toCommand'),
    )
    .option(
      '--to-command <command>',
      "a command of this host's shell that takes the backup on its standard input",
    )
    .option(
      fromCommandOption[0],
      'with --to-command: the command that prints it again, for the proof',
    )
    .addOption(
      repeatedOption(
        '--recipient <recipient>',
        'encrypt it for this recipient of age (age1...); those of the setting unless given',
      ),
    )
    .option('--no-proof', 'do not restore a copy: the backup stays unproven')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (options) => (await import('./backup.ts')).makeBackup(options));
  backup
    .command('verify')
    .argument('[backup]', 'its id, or the path of its file; the newest one unless given')
    .description('restore a copy of a backup into a throw-away database, and compare it')
    .example('npx roundsman db backup verify')
    .example('npx roundsman db backup verify 3f2a --identity key.txt')
    .option(...identityOption)
    .option(...fromCommandOption)
    .option(
      '--scratch <address>',
      'an empty database to restore into, for example of another version; it keeps what was restored',
    )
    .option(...asOption)
    .option(...jsonOption)
    .action(async (given, options) =>
      (await import('./verify-backup.ts')).verifyBackup(given, options),
    );
  db.command('backups')
    .description('backups, the newest first: where they are, and whether they were proven')
    .example('npx roundsman db backups')
    .option(...limitOption, 20)
    .addOption(listJson({ sortable: true }))
    .action(async (options) => (await import('./backups.ts')).showBackups(options));
  db.command('restore')
    .argument('[file]', 'the path of a backup; --from-command unless given')
    .description(
      'restore a backup into an empty database; nothing acts in it until you set the mode',
    )
    .example('npx roundsman db restore /var/backups/roundsman/platform.tar.zst')
    .option(...identityOption)
    .option(...fromCommandOption)
    .option(...asOption)
    .option(...jsonOption)
    .action(async (file, options) => (await import('./restore.ts')).restore(file, options));
}

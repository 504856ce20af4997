import { Option } from 'commander';
import { Command } from '../arguments/command.ts';
import { bounds } from '../../services/maintenance/bounds.ts';
import { seconds } from '../arguments/durations.ts';
import { asOption, idArgument, jsonOption, limitOption, yesOption } from '../arguments/options.ts';
import { severities } from '../../ground/severity.ts';
import { listOption, repeatedOption } from '../arguments/words.ts';
import { listJson } from '../arguments/show-options.ts';

/** `roundsman maintenance ...` */
export function maintenanceCommand(): Command {
  const maintenance = new Command('maintenance').description(
    'windows in which tickets are held back and nothing is healed, once or again and again',
  );
  maintenance
    .command('list')
    .description('windows in force and to come, and how much each holds back now')
    .example('npx roundsman maintenance list')
    .example('npx roundsman maintenance list --all')
    .option('--all', 'also those that are over')
    .option(...limitOption, 50)
    .addOption(listJson({ sortable: true }))
    .action(async (options) => (await import('./list.ts')).listMaintenance(options));
  maintenance
    .command('add')
    .description('add a window, for all bots unless it names some; without --from it begins now')
    .example("npx roundsman maintenance add --for 2h --reason 'the database is moved'")
    .example("npx roundsman maintenance add --cron '0 2 * * 0' --for 1h --reason backup")
    .example('npx roundsman maintenance add --bot ledger --for 3h --skip-runs --reason move')
    .option('--from <when>', "when it begins: '2026-11-22 22:00', in its zone")
    .option('--to <when>', 'when it ends')
    .addOption(
      new Option('--for <time>', 'how long it lasts: 30m, 2h, 3d').argParser(
        seconds('--for', bounds),
      ),
    )
    .option('--cron <schedule>', "when it begins, again and again: '0 2 * * 0'")
    .option('--timezone <zone>', 'the zone of these times (UTC)')
    .addOption(repeatedOption('--bot <name>', 'only findings of this bot'))
    .addOption(repeatedOption('--component <name>', 'only findings about this component'))
    .addOption(repeatedOption('--category <name>', 'only findings of this category'))
    .addOption(listOption('--severity <severity>', 'only findings as severe as that', severities))
    .option('--skip-runs', 'its bots take no slot in it')
    .option('--reason <text>', 'why; lists show it')
    .option(
      yesOption[0],
      'also for a name that no finding ever had, without asking; needed for that where there is no terminal',
    )
    .option('--as <name>', 'whose it is (the account that runs the command)')
    .option(...jsonOption)
    .action(async (options) => (await import('./add.ts')).addMaintenance(options));
  maintenance
    .command('end')
    .argument(...idArgument)
    .description('end a window now; one with a schedule comes again, unless --all')
    .example('npx roundsman maintenance end 1a2b3c4d')
    .example('npx roundsman maintenance end 1a2b3c4d --all')
    .option('--all', 'all occurrences: it never comes again')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (id, options) => (await import('./end.ts')).endMaintenance(id, options));
  return maintenance;
}

import { Command } from '../arguments/command.ts';
import { asOption, idArgument, jsonOption, limitOption, yesOption } from '../arguments/options.ts';
import { listJson, showJson, sinceOption } from '../arguments/show-options.ts';

/** `roundsman actions ...` */
export function actionsCommand(): Command {
  const actions = new Command('actions').description('the steps that heals took');
  actions
    .command('list')
    .description('steps of heals, the newest first')
    .example('npx roundsman actions list --bot ledger')
    .option('--bot <name>', 'only of this bot')
    .addOption(sinceOption('only those taken'))
    .option(...limitOption, 20)
    .addOption(listJson())
    .action(async (options) => (await import('./list.ts')).listActions(options));
  actions
    .command('show')
    .argument(...idArgument)
    .description(
      'one step with its evidence and the others of its heal; the first digits of its id are enough',
    )
    .example('npx roundsman actions show 1a2b3c4d')
    .addOption(showJson())
    .action(async (id, options) => (await import('./show.ts')).showAction(id, options));
  actions
    .command('undo')
    .argument(...idArgument)
    .description('undo the effect of one step; the next run of its bot does it')
    .example('npx roundsman actions undo 1a2b3c4d')
    .option(...yesOption)
    .option(...asOption)
    .option(...jsonOption)
    .action(async (id, options) => (await import('./undo.ts')).undoAction(id, options));
  return actions;
}

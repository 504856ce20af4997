import { Command } from 'commander';
import { idArgument, jsonOption, limitOption, yesOption } from '../arguments/options.ts';

/** `roundsman actions ...` */
export function actionsCommand(): Command {
  const actions = new Command('actions').description('the steps that heals took');
  actions
    .command('list')
    .description('steps of heals, the newest first')
    .option('--bot <name>', 'only of this bot')
    .option(...limitOption, 20)
    .option(...jsonOption)
    .action(async (options) => (await import('./list.ts')).listActions(options));
  actions
    .command('show')
    .argument(...idArgument)
    .description(
      'one step with its evidence and the others of its heal; the first digits of its id are enough',
    )
    .option(...jsonOption)
    .action(async (id, options) => (await import('./show.ts')).showAction(id, options));
  actions
    .command('undo')
    .argument(...idArgument)
    .description('undo the effect of one step; the next run of its bot does it')
    .option(...yesOption)
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (id, options) => (await import('./undo.ts')).undoAction(id, options));
  return actions;
}

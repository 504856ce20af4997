import { Argument } from 'commander';
import { Command } from '../arguments/command.ts';
import { asOption } from '../arguments/options.ts';
import { showJson } from '../arguments/show-options.ts';
import { bulkCommand } from './bulk-command.ts';
import { addChangeCommands } from './change-commands.ts';
import { addShowCommands } from './show-commands.ts';

/** `roundsman tickets ...` */
export function ticketsCommand(): Command {
  const tickets = new Command('tickets').description('what a person has to decide');
  addShowCommands(tickets);
  addChangeCommands(tickets);
  tickets.addCommand(bulkCommand());
  tickets
    .command('from')
    .addArgument(
      new Argument('[severity]', 'set it; without it, show it').choices([
        'high',
        'medium',
        'low',
        'info',
      ]),
    )
    .description(
      'the lowest severity at which a finding gets a ticket when no known entry acts on it',
    )
    .example('npx roundsman tickets from')
    .example('npx roundsman tickets from low')
    .option(...asOption)
    .addOption(showJson({ paged: false }))
    .action(async (severity, options) => {
      const { setLeastSeverity, showLeastSeverity } = await import('./from.ts');
      await (severity ? setLeastSeverity(severity, options) : showLeastSeverity(options));
    });
  return tickets;
}

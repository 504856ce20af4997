import { Option } from 'commander';
import type { Command } from '../arguments/command.ts';
import { asOption, limitOption, ticketArgument, ticketsArgument } from '../arguments/options.ts';
import { listJson, showJson, sinceOption } from '../arguments/show-options.ts';
import { filterOf, snoozedOption, statusOption, withFilters } from './filters.ts';

/** The commands of `roundsman tickets` that show tickets, and the review, which begins with them. */
export function addShowCommands(tickets: Command): void {
  const list = tickets
    .command('list')
    .description('open and assigned tickets, the worst first, then the oldest')
    .example('npx roundsman tickets list --assigned-to me')
    .example('npx roundsman tickets list --overdue --severity critical,high')
    .example('npx roundsman tickets list --match checkout --since 7d --all')
    .addOption(statusOption().conflicts('all'));
  withFilters(list)
    .addOption(
      new Option('--sort <order>', 'in which order (worst)').choices([
        'worst',
        'due',
        'oldest',
        'newest',
      ]),
    )
    .option('--after <ticket>', 'go on after this ticket of the same list')
    .addOption(snoozedOption().conflicts('all'))
    .addOption(
      new Option(
        '--merged',
        'only those that are merged into others, which are left out otherwise',
      ).conflicts(['all', 'snoozed']),
    )
    .option('--all', 'also those that are resolved, closed, snoozed or merged')
    .option(...limitOption, 20)
    .addOption(listJson())
    .action(async (options) => (await import('./list.ts')).listTickets(options));
  withFilters(
    tickets
      .command('review')
      .example('npx roundsman tickets review')
      .example('npx roundsman tickets review --severity critical,high --assigned-to me')
      .description('work them one after the other with single keys, the worst first')
      .addOption(statusOption()),
  )
    .addOption(snoozedOption())
    .option(...asOption)
    .action(async (options) =>
      (await import('../review/review.ts')).review(filterOf(options), options),
    );
  tickets
    .command('show')
    .argument(...ticketsArgument)
    .description('tickets (T-42) with their evidence, what was tried and what is suggested')
    .example('npx roundsman tickets show T-42')
    .example('npx roundsman tickets show 41 42 --json')
    .addOption(showJson())
    .action(async (given, options) => (await import('./show.ts')).showTickets(given, options));
  tickets
    .command('explain')
    .argument(...ticketArgument)
    .description(
      'why its problem is not healed: which entries fit, which gates are closed and until when',
    )
    .example('npx roundsman tickets explain T-42')
    .addOption(showJson())
    .action(async (ticket, options) =>
      (await import('../findings/explain.ts')).explainFinding({ ticket }, options),
    );
  tickets
    .command('history')
    .argument(...ticketArgument)
    .description('what happened to a ticket, the newest first')
    .example('npx roundsman tickets history T-42')
    .addOption(sinceOption('only what happened'))
    .option(...limitOption, 50)
    .addOption(listJson())
    .action(async (ticket, options) => (await import('./history.ts')).showHistory(ticket, options));
  tickets
    .command('related')
    .argument(...ticketArgument)
    .description('its problem earlier, its component now, and what ended tickets of the same check')
    .example('npx roundsman tickets related T-42')
    .addOption(showJson())
    .action(async (ticket, options) => (await import('./related.ts')).showRelated(ticket, options));
}

import { Argument, Command, Option } from 'commander';
import { jsonOption, limitOption, yesOption } from '../arguments/options.ts';
import { longTextOptions } from '../terminal/long-text.ts';
import { severityWords } from '../terminal/print.ts';
import { bulkCommand } from './bulk-command.ts';
import { snoozedOption, statusOption, withFilters } from './filters.ts';
import { snoozeOptions } from './snooze-options.ts';

const ticket = ['<ticket>', 'its number, T-42 or 42, or its id'] as const;

/** `roundsman tickets ...` */
export function ticketsCommand(): Command {
  const tickets = new Command('tickets').description('what a person has to decide');
  const list = tickets
    .command('list')
    .description('open and assigned tickets, the worst first, then the oldest')
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
    .option('--after <ticket>', 'go on behind this ticket of the same list')
    .addOption(snoozedOption().conflicts('all'))
    .addOption(
      new Option(
        '--merged',
        'only those that are merged into others, which are left out otherwise',
      ).conflicts(['all', 'snoozed']),
    )
    .option('--all', 'also those that are resolved, closed, snoozed or merged')
    .option(...limitOption, 20)
    .option(...jsonOption)
    .action(async (options) => (await import('./list.ts')).listTickets(options));
  tickets
    .command('show')
    .argument(...ticket)
    .description('one ticket (T-42) with its evidence, what was tried and what is suggested')
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./show.ts')).showTicket(ticket, options));
  tickets
    .command('explain')
    .argument(...ticket)
    .description(
      'why its problem is not healed: which entries fit, which gates are closed and until when',
    )
    .option(...jsonOption)
    .action(async (ticket, options) =>
      (await import('../findings/explain.ts')).explainFinding({ ticket }, options),
    );
  tickets
    .command('assign')
    .argument(...ticket)
    .argument('<who>', 'the name of the person; me is the account that runs the command')
    .description('give a ticket to a person; who takes one acknowledges it by that')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (ticket, who, options) =>
      (await import('./change.ts')).assign(ticket, who, options),
    );
  const resolve = tickets
    .command('resolve')
    .argument(...ticket)
    .description('end a ticket with what was done; the next clean check resolves its finding')
    .option('--notes <text>', 'what was done; others learn from it')
    .option('--with <entry>', 'the knowledge that helped; none, when nothing known would have')
    .option('--learn', 'make knowledge of title and notes, in shadow')
    .option(yesOption[0], 'learn it without asking; needed where there is no terminal')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption);
  for (const option of longTextOptions()) resolve.addOption(option);
  resolve.action(async (ticket, options) => (await import('./change.ts')).resolve(ticket, options));
  tickets
    .command('approve')
    .argument(...ticket)
    .argument('[knowledge]', 'the name of the entry that is suggested, where there are several')
    .description('approve the suggestion, also one that was rejected: the next run applies it once')
    .option(...yesOption)
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (ticket, knowledge, options) =>
      (await import('./answer.ts')).approve(ticket, knowledge, options),
    );
  tickets
    .command('reject')
    .argument(...ticket)
    .argument('[knowledge]', 'the name of the entry that is suggested, where there are several')
    .description(
      'reject the suggestion, or take an approval back while it waits: it is not applied to this finding',
    )
    .option('--reason <text>', 'why')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (ticket, knowledge, options) =>
      (await import('./answer.ts')).reject(ticket, knowledge, options),
    );
  tickets
    .command('ack')
    .argument(...ticket)
    .description('say that you look after a ticket: its response clock stops')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./life.ts')).acknowledge(ticket, options));
  const comment = tickets
    .command('comment')
    .argument(...ticket)
    .argument(
      '[text]',
      'what to write; on a terminal it is asked for, else read from standard input',
    )
    .description("write into a ticket's history")
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption);
  for (const option of longTextOptions()) comment.addOption(option);
  comment.action(async (ticket, text, options) =>
    (await import('./life.ts')).comment(ticket, text, options),
  );
  tickets
    .command('unassign')
    .argument(...ticket)
    .description('take a ticket from the person who has it')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./life.ts')).unassign(ticket, options));
  tickets
    .command('reopen')
    .argument(...ticket)
    .description('take back that a ticket was resolved')
    .option('--reason <text>', 'why')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./life.ts')).reopen(ticket, options));
  tickets
    .command('close')
    .argument(...ticket)
    .description('end a resolved ticket for good, as happens by itself a day later')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./life.ts')).close(ticket, options));
  tickets
    .command('merge')
    .argument('<tickets...>', 'their numbers, T-42 or 42, or their ids')
    .description('say that tickets have one cause: another one stands for them and ends them')
    .requiredOption('--into <ticket>', 'the one that stays in lists, the survivor')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (given, options) => (await import('./merge.ts')).merge(given, options));
  tickets
    .command('unmerge')
    .argument(...ticket)
    .description('have a merged ticket stand for itself again')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./merge.ts')).unmerge(ticket, options));
  tickets
    .command('severity')
    .argument(...ticket)
    .addArgument(new Argument('[severity]', 'how severe it is').choices(severityWords))
    .description('say how severe a ticket is, whatever runs find')
    .option('--reason <text>', 'why')
    .option('--clear', 'take that back: it is as severe as runs find it')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (ticket, severity, options) =>
      (await import('./severity.ts')).rate(ticket, severity, options),
    );
  const snooze = tickets
    .command('snooze')
    .argument(...ticket)
    .description('have a ticket wait; it wakes by itself, and when it becomes more severe');
  for (const option of snoozeOptions()) snooze.addOption(option);
  snooze
    .option('--end', 'wake it now')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./snooze.ts')).snooze(ticket, options));
  tickets.addCommand(bulkCommand());
  tickets
    .command('history')
    .argument(...ticket)
    .description('what happened to a ticket, the newest first')
    .option(...limitOption, 50)
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./history.ts')).showHistory(ticket, options));
  tickets
    .command('related')
    .argument(...ticket)
    .description('its problem earlier, its component now, and what ended tickets of the same check')
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./related.ts')).showRelated(ticket, options));
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
    .description('from which severity on a finding gets a ticket when nothing known acts on it')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (severity, options) => {
      const { setFrom, showFrom } = await import('./from.ts');
      await (severity ? setFrom(severity, options) : showFrom(options));
    });
  return tickets;
}

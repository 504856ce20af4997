import type { Command } from '../arguments/command.ts';
import {
  asOption,
  jsonOption,
  ticketArgument,
  ticketsArgument,
  yesOption,
} from '../arguments/options.ts';
import { longTextOptions } from '../terminal/long-text.ts';
import { severityWords } from '../terminal/print.ts';
import { snoozeOptions } from './snooze-options.ts';

/** The commands of `roundsman tickets` that change the tickets that a person names. */
export function addChangeCommands(tickets: Command): void {
  tickets
    .command('assign')
    .argument(
      '<tickets...>',
      `${ticketsArgument[1]}; a single one may be followed by the person; me is the account that runs the command`,
    )
    .description('give tickets to a person; a person who takes one acknowledges it, too')
    .example('npx roundsman tickets assign T-42 ann')
    .example('npx roundsman tickets assign T-41 T-42 --to me')
    .option('--to <who>', 'the name of the person; needed for several tickets')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (given, options) => (await import('./change.ts')).assign(given, options));
  const resolve = tickets
    .command('resolve')
    .argument(...ticketArgument)
    .description(
      'end a ticket with what was done; its finding resolves when a check sees that it is gone',
    )
    .example("npx roundsman tickets resolve T-42 --notes 'restarted the pool'")
    .example('npx roundsman tickets resolve T-42 --edit --with ledger.cached-credits')
    .example('npx roundsman tickets resolve T-42 --notes-file notes.md --learn')
    .option('--notes <text>', 'what was done; others learn from it')
    .option(
      '--with <entry>',
      'the entry of knowledge that helped; none, if no known entry would have',
    )
    .option('--learn', 'make knowledge of title and notes, in shadow')
    .option(yesOption[0], 'learn it without asking; needed where there is no terminal')
    .option(...asOption)
    .option(...jsonOption);
  for (const option of longTextOptions()) resolve.addOption(option);
  resolve.action(async (ticket, options) => (await import('./change.ts')).resolve(ticket, options));
  tickets
    .command('approve')
    .argument(...ticketArgument)
    .argument('[knowledge]', 'the name of the entry that is suggested, where there are several')
    .description('approve the suggestion, also one that was rejected: the next run applies it once')
    .example('npx roundsman tickets approve T-42')
    .example('npx roundsman tickets approve T-42 session.expired --yes')
    .option(...yesOption)
    .option(...asOption)
    .option(...jsonOption)
    .action(async (ticket, knowledge, options) =>
      (await import('./answer.ts')).approve(ticket, knowledge, options),
    );
  tickets
    .command('reject')
    .argument(...ticketArgument)
    .argument('[knowledge]', 'the name of the entry that is suggested, where there are several')
    .description(
      'reject the suggestion, or take an approval back while it waits: it is not applied to this finding',
    )
    .example("npx roundsman tickets reject T-42 --reason 'the books are closed'")
    .option('--reason <text>', 'why')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (ticket, knowledge, options) =>
      (await import('./answer.ts')).reject(ticket, knowledge, options),
    );
  tickets
    .command('ack')
    .argument(...ticketsArgument)
    .description('say that you work on tickets: their response clocks stop')
    .example('npx roundsman tickets ack T-42')
    .example('npx roundsman tickets ack T-41 T-42 --as ann')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (given, options) => (await import('./lifecycle.ts')).acknowledge(given, options));
  const comment = tickets
    .command('comment')
    .argument('<tickets...>', `${ticketsArgument[1]}; a single one may be followed by the text`)
    .description("write into tickets' histories")
    .example("npx roundsman tickets comment T-42 'asked the provider'")
    .example("npx roundsman tickets comment T-41 T-42 --text 'the same cable'")
    .example('npx roundsman tickets comment T-42 --edit')
    .option(
      '--text <text>',
      'what to write; without it, it is asked for on a terminal, else read from standard input',
    )
    .option(...asOption)
    .option(...jsonOption);
  for (const option of longTextOptions()) comment.addOption(option);
  comment.action(async (given, options) => (await import('./comment.ts')).comment(given, options));
  tickets
    .command('unassign')
    .argument(...ticketsArgument)
    .description('take tickets from the people who have them')
    .example('npx roundsman tickets unassign T-42')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (given, options) => (await import('./lifecycle.ts')).unassign(given, options));
  tickets
    .command('reopen')
    .argument(...ticketsArgument)
    .description('take back that tickets were resolved')
    .example("npx roundsman tickets reopen T-42 --reason 'it is still slow'")
    .option('--reason <text>', 'why')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (given, options) => (await import('./lifecycle.ts')).reopen(given, options));
  tickets
    .command('close')
    .argument(...ticketsArgument)
    .description('end resolved tickets for good, as happens by itself a day later')
    .example('npx roundsman tickets close T-41 T-42')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (given, options) => (await import('./lifecycle.ts')).close(given, options));
  tickets
    .command('merge')
    .argument(...ticketsArgument)
    .description('say that tickets have one cause: another one stands for them and ends them')
    .example('npx roundsman tickets merge T-41 T-42 --into T-40')
    .requiredOption('--into <ticket>', 'the one that stays in lists, the survivor')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (given, options) => (await import('./merge.ts')).merge(given, options));
  tickets
    .command('unmerge')
    .argument(...ticketArgument)
    .description('have a merged ticket stand for itself again')
    .example('npx roundsman tickets unmerge T-41')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./merge.ts')).unmerge(ticket, options));
  tickets
    .command('severity')
    .argument(
      '<tickets-and-severity...>',
      `${ticketsArgument[1]}; and after them how severe they are: ${severityWords.join(', ')}`,
    )
    .description('say how severe tickets are, whatever runs find')
    .example("npx roundsman tickets severity T-42 high --reason 'customers see it'")
    .example("npx roundsman tickets severity T-41 T-42 low --reason 'a test host'")
    .example('npx roundsman tickets severity T-42 --clear')
    .option('--reason <text>', 'why')
    .option('--clear', 'take that back: they are as severe as runs find them')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (given, options) => (await import('./severity.ts')).rate(given, options));
  const snooze = tickets
    .command('snooze')
    .argument(...ticketsArgument)
    .description('have tickets wait; each wakes by itself, and when it becomes more severe')
    .example('npx roundsman tickets snooze T-42 --for 4h')
    .example("npx roundsman tickets snooze T-41 T-42 --until '2026-11-23 09:00'")
    .example('npx roundsman tickets snooze T-42 --end');
  for (const option of snoozeOptions()) snooze.addOption(option);
  snooze
    .option('--end', 'wake them now')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (given, options) => (await import('./snooze.ts')).snooze(given, options));
}

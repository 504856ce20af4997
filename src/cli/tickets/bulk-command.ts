import { Argument, Command, Option } from 'commander';
import type { BulkChange } from '../../services/tickets/bulk.ts';
import { jsonOption, wholeNumber } from '../arguments/options.ts';
import { longText, longTextOptions } from '../terminal/long-text.ts';
import { severityWords } from '../terminal/print.ts';
import type { BulkOptions } from './bulk.ts';
import { snoozedOption, statusOption, withFilters } from './filters.ts';
import { snoozeOptions } from './snooze-options.ts';

/** `roundsman tickets bulk ...` */
export function bulkCommand(): Command {
  const bulk = new Command('bulk').description(
    'change all tickets that options name, as a list does',
  );
  const add = (name: BulkChange['change'], description: string): Command =>
    withFilters(bulk.command(name).description(description).addOption(statusOption()))
      .addOption(snoozedOption())
      .addOption(
        new Option(
          '--yes <n>',
          'do not ask: that many are meant; needed where there is no terminal',
        ).argParser(wholeNumber('--yes', 0, 1_000_000)),
      )
      .option('--as <name>', 'who does this (the account that runs the command)')
      .option(...jsonOption);
  const changes = async (
    options: BulkOptions,
    change: BulkChange['change'],
    given: () => Promise<BulkChange>,
  ) => (await import('./bulk.ts')).changeAll(options, change, given);
  const asked = async (flag: string, question: string, text: string | undefined) =>
    text?.trim() || (await import('../terminal/ask.ts')).askFor(flag, question, { isProse: true });

  for (const [change, description] of [
    ['ack', 'say that you look after them: their response clocks stop'],
    ['unassign', 'take them from the people who have them'],
    ['close', 'end resolved tickets for good'],
  ] as const)
    add(change, description).action((options) =>
      changes(options, change, async () => ({ change })),
    );
  add('assign', 'give them to a person')
    .argument('<who>', 'the name of the person; me is the account that runs the command')
    .action((who, options) => changes(options, 'assign', async () => ({ change: 'assign', who })));
  const snooze = add('snooze', 'have them wait; each wakes by itself, and when it is more severe');
  for (const option of snoozeOptions()) snooze.addOption(option);
  snooze.action(async (options) => {
    const { untilOf } = await import('./snooze.ts');
    const until = untilOf('they', options);
    await changes(options, 'snooze', async () => ({ change: 'snooze', until }));
  });
  const resolve = add(
    'resolve',
    'end them with what was done; the next clean checks resolve their findings',
  ).option('--notes <text>', 'what was done; others learn from it');
  for (const option of longTextOptions()) resolve.addOption(option);
  resolve.action((options) =>
    changes(options, 'resolve', async () => ({
      change: 'resolve',
      notes: (await longText(options)) ?? (await asked('--notes', 'What was done', options.notes)),
    })),
  );
  add('reopen', 'take back that they were resolved')
    .option('--reason <text>', 'why')
    .action((options) =>
      changes(options, 'reopen', async () => ({
        change: 'reopen',
        reason: await asked('--reason', 'Why', options.reason),
      })),
    );
  // Its argument is the new one: --severity says which tickets.
  add('severity', 'say how severe they are, whatever runs find')
    .addArgument(new Argument('<severity>', 'how severe they are').choices(severityWords))
    .option('--reason <text>', 'why')
    .action((severity, options) =>
      changes(options, 'severity', async () => ({
        change: 'severity',
        severity,
        reason: await asked('--reason', 'Why', options.reason),
      })),
    );
  add('comment', 'write into their histories')
    .argument('<text>', 'what to write')
    .action((text, options) =>
      changes(options, 'comment', async () => ({ change: 'comment', text })),
    );
  return bulk;
}

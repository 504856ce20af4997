import { Argument, Option } from 'commander';
import type { BulkChange } from '../../services/tickets/bulk.ts';
import { asOption, jsonOption, wholeNumber } from '../arguments/options.ts';
import { Command } from '../arguments/command.ts';
import type { Draft } from '../terminal/draft.ts';
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
  const addChange = (name: BulkChange['change'], description: string, example: string): Command =>
    withFilters(
      bulk
        .command(name)
        .description(description)
        .example(`npx roundsman tickets bulk ${name} ${example}`)
        .addOption(statusOption()),
    )
      .addOption(snoozedOption())
      .addOption(
        new Option(
          '--yes <n>',
          'do not ask: that many are meant; needed where there is no terminal',
        ).argParser(wholeNumber('--yes', 0, 1_000_000)),
      )
      .option(...asOption)
      .option(...jsonOption);
  const runChange = async (
    options: BulkOptions,
    change: BulkChange['change'],
    given: (draft: Draft) => Promise<BulkChange>,
  ) => (await import('./bulk.ts')).changeAll(options, change, given);
  const askUnlessGiven = async (
    draft: Draft,
    flag: string,
    question: string,
    text: string | undefined,
  ) =>
    text?.trim() ||
    (await (await import('../terminal/ask.ts')).askFor(flag, question, { isProse: true, draft }));

  for (const [change, description, example] of [
    ['ack', 'say that you work on them: their response clocks stop', '--bot ledger'],
    ['unassign', 'take them from the people who have them', '--assigned-to ann --yes 4'],
    ['close', 'end resolved tickets for good', '--component /api/export'],
  ] as const)
    addChange(change, description, example).action((options) =>
      runChange(options, change, async () => ({ change })),
    );
  addChange('assign', 'give them to a person', 'ann --component /api/export')
    .argument('<who>', 'the name of the person; me is the account that runs the command')
    .action((who, options) =>
      runChange(options, 'assign', async () => ({ change: 'assign', who })),
    );
  const snooze = addChange(
    'snooze',
    'have them wait; each wakes by itself, and when it is more severe',
    '--bot ledger --for 4h',
  );
  for (const option of snoozeOptions()) snooze.addOption(option);
  snooze.action(async (options) => {
    const { untilOf } = await import('./snooze.ts');
    const until = untilOf('they', options);
    await runChange(options, 'snooze', async () => ({ change: 'snooze', until }));
  });
  const resolve = addChange(
    'resolve',
    'end them with what was done; their findings resolve when checks see that they are gone',
    "--match checkout --notes 'restarted it'",
  ).option('--notes <text>', 'what was done; others learn from it');
  for (const option of longTextOptions()) resolve.addOption(option);
  resolve.action((options) =>
    runChange(options, 'resolve', async (draft) => ({
      change: 'resolve',
      notes:
        (await longText(options, draft)) ??
        (await askUnlessGiven(draft, '--notes', 'What was done', options.notes)),
    })),
  );
  addChange(
    'reopen',
    'take back that they were resolved',
    '--since 24h --bot ledger --reason wrong',
  )
    .option('--reason <text>', 'why')
    .action((options) =>
      runChange(options, 'reopen', async (draft) => ({
        change: 'reopen',
        reason: await askUnlessGiven(draft, '--reason', 'Why', options.reason),
      })),
    );
  // The new severity is an argument, because --severity says which tickets.
  addChange(
    'severity',
    'say how severe they are, whatever runs find',
    "low --component /test --reason 'a test'",
  )
    .addArgument(new Argument('<severity>', 'how severe they are').choices(severityWords))
    .option('--reason <text>', 'why')
    .action((severity, options) =>
      runChange(options, 'severity', async (draft) => ({
        change: 'severity',
        severity,
        reason: await askUnlessGiven(draft, '--reason', 'Why', options.reason),
      })),
    );
  addChange('comment', 'write into their histories', "'the same cable' --bot sentinel-api")
    .argument('<text>', 'what to write')
    .action((text, options) =>
      runChange(options, 'comment', async () => ({ change: 'comment', text })),
    );
  return bulk;
}

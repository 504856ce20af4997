import { Command } from '../arguments/command.ts';
import { executionStatuses } from '../../services/runs/statuses.ts';
import { listOption } from '../arguments/words.ts';
import { idsArgument, jsonOption, limitOption } from '../arguments/options.ts';
import { listJson, showJson, sinceOption } from '../arguments/show-options.ts';

/** `roundsman runs ...` */
export function runsCommand(): Command {
  const runs = new Command('runs').description('what ran, and how it ended');
  runs
    .command('list')
    .description('runs, newest first')
    .example('npx roundsman runs list --status failed,timeout --since 24h')
    .example('npx roundsman runs list --bot ledger --limit 5')
    .option('--bot <name>', 'only of this bot')
    .addOption(listOption('--status <status>', 'only those', executionStatuses))
    .addOption(sinceOption('only those that started'))
    .option(...limitOption, 20)
    .addOption(listJson())
    .action(async (options) => (await import('./list.ts')).listRuns(options));
  runs
    .command('show')
    .argument(...idsArgument)
    .description(
      'runs with their checks, findings and actions; the first digits of their ids are enough',
    )
    .example('npx roundsman runs show 1a2b3c4d')
    .example('npx roundsman runs show 1a2b 5e6f --json')
    .addOption(showJson())
    .action(async (ids, options) => (await import('./show.ts')).showRuns(ids, options));
  runs
    .command('cancel')
    .argument(...idsArgument)
    .description('end runs: at once while they are queued, else as soon as their workers see it')
    .example("npx roundsman runs cancel 1a2b3c4d --reason 'it takes too long' --wait")
    .option('--reason <text>', 'the reason, for people who ask later')
    .option('--wait', 'wait for their ends; exit code 1 unless all were cancelled')
    .option(...jsonOption)
    .action(async (ids, options) => (await import('./cancel.ts')).cancel(ids, options));
  return runs;
}

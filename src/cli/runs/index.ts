import { Command } from 'commander';
import { executionStatuses } from '../../services/runs/statuses.ts';
import { seconds } from '../arguments/durations.ts';
import { listOption } from '../arguments/words.ts';
import { idArgument, jsonOption, limitOption } from '../arguments/options.ts';

/** A hundred years at most: a longer time is a typing mistake, and PostgreSQL could not store it. */
const aWhile = { least: 1, most: 36_500 * 86_400, example: '24h' };

/** `roundsman runs ...` */
export function runsCommand(): Command {
  const runs = new Command('runs').description('what ran, and how it ended');
  runs
    .command('list')
    .description('runs, newest first')
    .option('--bot <name>', 'only of this bot')
    .addOption(listOption('--status <status>', 'only those', executionStatuses))
    .option('--since <time>', 'only the last 30m, 24h, 7d', seconds('--since', aWhile))
    .option(...limitOption, 20)
    .option(...jsonOption)
    .action(async (options) => (await import('./list.ts')).listRuns(options));
  runs
    .command('show')
    .argument(...idArgument)
    .description(
      'one run with its checks, findings and actions; the first digits of its id are enough',
    )
    .option(...jsonOption)
    .action(async (id, options) => (await import('./show.ts')).showRun(id, options));
  runs
    .command('cancel')
    .argument(...idArgument)
    .description('end a run: at once while it is queued, else as soon as its worker sees it')
    .option('--reason <text>', 'the reason, for people who ask later')
    .option('--wait', 'wait for its end; exit code 1 unless it was cancelled')
    .option(...jsonOption)
    .action(async (id, options) => (await import('./cancel.ts')).cancel(id, options));
  return runs;
}

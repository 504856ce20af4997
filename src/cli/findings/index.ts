import { Option } from 'commander';
import { Command } from '../arguments/command.ts';
import { listOption } from '../arguments/words.ts';
import { limitOption } from '../arguments/options.ts';
import { severityWords } from '../terminal/print.ts';
import { listJson, showJson, sinceOption } from '../arguments/show-options.ts';

const findingArgument = [
  '<id>',
  'its id, or the first digits of it, at least 4; or T-42, for the finding of that ticket',
] as const;

/** `roundsman findings ...` */
export function findingsCommand(): Command {
  const findings = new Command('findings').description('what the checks found');
  findings
    .command('list')
    .description('open findings, the worst first')
    .example('npx roundsman findings list --severity critical,high')
    .example('npx roundsman findings list --bot ledger --all')
    .option('--bot <name>', 'only of this bot')
    .addOption(listOption('--severity <severity>', 'only these', severityWords))
    .addOption(new Option('--all', 'also the resolved ones').conflicts('resolved'))
    .option('--resolved', 'only the resolved ones')
    .addOption(sinceOption('only those seen'))
    .option(...limitOption, 20)
    .addOption(listJson())
    .action(async (options) => (await import('./list.ts')).listFindings(options));
  findings
    .command('show')
    .argument(
      '<ids...>',
      'their ids, or the first digits of them, at least 4; or T-42, for the finding of that ticket',
    )
    .description('findings, with what was done and decided about each')
    .example('npx roundsman findings show 1a2b3c4d')
    .example('npx roundsman findings show T-42')
    .addOption(showJson())
    .action(async (ids, options) => (await import('./show.ts')).showFindings(ids, options));
  findings
    .command('explain')
    .argument(...findingArgument)
    .description(
      'which entries match, what a run would do now and why, when a closed gate opens, and what was decided',
    )
    .example('npx roundsman findings explain 1a2b3c4d')
    .addOption(showJson())
    .action(async (id, options) =>
      (await import('./explain.ts')).explainFinding({ finding: id }, options),
    );
  return findings;
}

import { Command, Option } from 'commander';
import { listOption } from '../arguments/words.ts';
import { jsonOption, limitOption } from '../arguments/options.ts';
import { severityWords } from '../terminal/print.ts';

const finding = [
  '<id>',
  'its id, or the first digits of it, at least 4; or T-42, for the finding of that ticket',
] as const;

/** `roundsman findings ...` */
export function findingsCommand(): Command {
  const findings = new Command('findings').description('what the checks found');
  findings
    .command('list')
    .description('open findings, the worst first')
    .option('--bot <name>', 'only of this bot')
    .addOption(listOption('--severity <severity>', 'only these', severityWords))
    .addOption(new Option('--all', 'also the resolved ones').conflicts('resolved'))
    .option('--resolved', 'only the resolved ones')
    .option(...limitOption, 20)
    .option(...jsonOption)
    .action(async (options) => (await import('./list.ts')).listFindings(options));
  findings
    .command('show')
    .argument(...finding)
    .description(
      'one finding with what was done and decided; the first digits of its id are enough',
    )
    .option(...jsonOption)
    .action(async (id, options) => (await import('./show.ts')).showFinding(id, options));
  findings
    .command('explain')
    .argument(...finding)
    .description(
      'which entries match, what a run would do now and why, when a closed gate opens, and what was decided',
    )
    .option(...jsonOption)
    .action(async (id, options) =>
      (await import('./explain.ts')).explainFinding({ finding: id }, options),
    );
  return findings;
}

import { Option } from 'commander';
import { Command } from '../arguments/command.ts';
import { moment } from '../arguments/durations.ts';
import { maxPeriodSeconds, minPeriodSeconds } from '../../services/report/period.ts';
import { jsonOption } from '../arguments/options.ts';
import { noPagerOption } from '../arguments/show-options.ts';

const formats = ['text', 'md', 'json', 'html'];

/** `roundsman report` */
export function reportCommand(): Command {
  return new Command('report')
    .description(
      'proof that everything ran, what was found and healed, and what to do first; exit code 6 when something needs a person',
    )
    .example('npx roundsman report')
    .example('npx roundsman report --since 7d')
    .example('npx roundsman report -o html > report.html')
    .addOption(
      new Option(
        '--since <time>',
        'from then until now, 1m at least and 31d at most: a time, or how long ago it was',
      )
        .argParser(moment('--since', { least: minPeriodSeconds, most: maxPeriodSeconds }))
        .default({ secondsAgo: 86_400 }, '24h'),
    )
    .addOption(
      new Option('-o, --output <format>', 'in which form (text)')
        .choices(formats)
        .conflicts(['json', 'format']),
    )
    .addOption(
      new Option('--format <format>', 'the same as --output').choices(formats).conflicts('json'),
    )
    .option(...jsonOption)
    .option(...noPagerOption)
    .action(async (options) => (await import('./show.ts')).showReport(options));
}

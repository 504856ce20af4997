import { Command } from 'commander';
import { jsonOption } from '../arguments/options.ts';

/** `roundsman limits` */
export function limitsCommand(): Command {
  return new Command('limits')
    .description('how often and how long healing may try: cooldown, breaker, budget, storm')
    .argument(
      '[name]',
      'the limit to set, or to show where no value is given; without it, all are shown',
    )
    .argument('[value]', 'a number; minutes also as 10m or 1h30m')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (name, value, options) => {
      const { setOne, showLimits } = await import('./change.ts');
      await (value === undefined ? showLimits(name, options) : setOne(name, value, options));
    });
}

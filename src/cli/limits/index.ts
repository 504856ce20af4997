import { Command } from '../arguments/command.ts';
import { asOption } from '../arguments/options.ts';
import { listJson } from '../arguments/show-options.ts';
import { addHistoryAndRevert } from '../history/index.ts';

/** `roundsman limits` */
export function limitsCommand(): Command {
  const limits = new Command('limits')
    .enablePositionalOptions()
    .description('how often and how long healing may try: cooldown, breaker, budget, storm')
    .example('npx roundsman limits')
    .example('npx roundsman limits cooldown_minutes 30m')
    .argument(
      '[name]',
      'the limit to set, or to show where no value is given; without it, all are shown',
    )
    .argument('[value]', 'a number; minutes also as 10m or 1h30m')
    .option(...asOption)
    .addOption(listJson())
    .action(async (name, value, options) => {
      const { setLimit, showLimits } = await import('./change.ts');
      await (value === undefined ? showLimits(name, options) : setLimit(name, value, options));
    });
  addHistoryAndRevert(limits, { kind: 'limit', example: 'cooldown_minutes', called: 'the limit' });
  return limits;
}

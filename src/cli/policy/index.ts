import { Command } from 'commander';
import { jsonOption, wholeNumber } from '../arguments/options.ts';

const file = '<file>';
const aFile = 'YAML or JSON, as `policy show` prints it; - is standard input';

/** `roundsman policy ...` */
export function policyCommand(): Command {
  const policy = new Command('policy').description(
    'to whom tickets go that no person acknowledges, and when people are reminded',
  );
  policy
    .command('show')
    .argument(
      '[version]',
      'one of its versions; without it, the one in force',
      wholeNumber('version', 1, 2_147_483_647),
    )
    .description('the escalation policy, as a document that can be edited and set')
    .option(...jsonOption)
    .action(async (version, options) => (await import('./show.ts')).showPolicy(version, options));
  policy
    .command('check')
    .argument(file, aFile)
    .description('whether a policy can be used, what it would do, and how it differs from now')
    .option(...jsonOption)
    .action(async (file, options) => (await import('./check.ts')).checkPolicy(file, options));
  policy
    .command('set')
    .argument('[file]', aFile)
    .description('put a policy in force for every ticket that is opened from now on')
    .option('--default', 'the policy of a new installation, in place of a file')
    .option('--as <name>', 'who does this (the account that runs the command)')
    .option(...jsonOption)
    .action(async (file, options) => (await import('./set.ts')).setPolicy(file, options));
  return policy;
}

import { Command } from '../arguments/command.ts';
import { asOption, jsonOption, wholeNumber } from '../arguments/options.ts';
import { showJson } from '../arguments/show-options.ts';
import { addHistoryAndRevert } from '../history/index.ts';

const fileArgument = '<file>';
const fileMeaning = 'YAML or JSON, as `policy show` prints it; - is standard input';

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
    .example('npx roundsman policy show')
    .example('npx roundsman policy show 3 --json')
    .addOption(showJson())
    .action(async (version, options) => (await import('./show.ts')).showPolicy(version, options));
  policy
    .command('check')
    .argument(fileArgument, fileMeaning)
    .description('whether a policy can be used, what it would do, and how it differs from now')
    .example('npx roundsman policy check policy.yaml')
    .addOption(showJson())
    .action(async (file, options) => (await import('./check.ts')).checkPolicy(file, options));
  policy
    .command('set')
    .argument('[file]', fileMeaning)
    .description('put a policy in force for every ticket that is opened from now on')
    .example('npx roundsman policy set policy.yaml')
    .example('npx roundsman policy set --default')
    .option('--default', 'the policy of a new installation, in place of a file')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (file, options) => (await import('./set.ts')).setPolicy(file, options));
  addHistoryAndRevert(policy, { kind: 'policy', example: null, called: 'the policy' });
  return policy;
}

import { printable } from '../../ground/text.ts';
import { checkPolicy as check, type CheckedPolicy } from '../../services/policy/check.ts';
import { withDatabase } from '../session/database.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { policyFile } from './file.ts';

export async function checkPolicy(file: string, options: { json?: true }): Promise<void> {
  const given = await policyFile(file);
  await withDatabase(async ({ db }) => {
    const checked = await check(db, given);
    const { outcomes, current, removed, added, warnings } = checked;
    for (const warning of warnings) print.note(warning);
    if (options.json)
      return print.json({ policy: checked.read.document, outcomes, current, removed, added });
    print.say('The policy can be used. What happens to tickets that no person acknowledges:\n');
    outcomeTable(checked);
    printDifferences(checked);
  });
}

function outcomeTable({ outcomes }: CheckedPolicy): void {
  const hasQuiet = outcomes.some(({ quiet }) => quiet !== null);
  table(
    ['Severity', 'Tickets', 'What happens', ...(hasQuiet ? ['Quiet'] : [])],
    outcomes.map(({ severity, which, what, quiet }, at) => {
      const others = at > 0 && outcomes[at - 1]!.severity === severity;
      return [
        print.severity(severity),
        printable(which ?? (others ? 'all others' : 'all')),
        printable(what),
        ...(hasQuiet ? [printable(quiet ?? '-')] : []),
      ];
    }),
    '',
    [],
    ['Tickets', 'What happens', 'Quiet'],
  );
}

function printDifferences({ current, removed, added }: CheckedPolicy): void {
  if (current === null) return print.say('\nNo policy is in force now.');
  if (removed.length + added.length === 0)
    return print.say(`\nIt says the same as policy ${current}, which is in force.`);
  print.section(`Beside policy ${current}, which is in force`);
  for (const line of removed) print.say(`- ${printable(line)}`, '  ');
  for (const line of added) print.say(`+ ${printable(line)}`, '  ');
}

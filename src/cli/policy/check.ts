import { printable } from '../../ground/text.ts';
import { checkPolicy as check, type CheckedPolicy } from '../../services/policy/check.ts';
import { withDatabase } from '../session/database.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { policyFile } from './file.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

export async function checkPolicy(file: string, options: ShowOptions): Promise<void> {
  const given = await policyFile(file);
  await withDatabase(async ({ db }) => {
    const checked = await check(db, given);
    const { outcomes, current, removed, added, warnings } = checked;
    for (const warning of warnings) print.note(warning);
    if (isData(options))
      return printDocument(
        { policy: checked.read.document, outcomes, current, removed, added },
        options,
      );
    print.say('The policy can be used. What happens to tickets that no person acknowledges:\n');
    outcomeTable(checked);
    printDifferences(checked);
  });
}

function outcomeTable({ outcomes }: CheckedPolicy): void {
  const hasQuiet = outcomes.some(({ quiet }) => quiet !== null);
  table(
    ['Severity', 'Tickets', 'What happens', ...(hasQuiet ? ['Quiet'] : [])],
    outcomes.map(({ severity, which, what, quiet }, index) => {
      const others = index > 0 && outcomes[index - 1]!.severity === severity;
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
  print.section(`Differences from policy ${current}, which is in force`);
  for (const line of removed) print.say(`- ${printable(line)}`, '  ');
  for (const line of added) print.say(`+ ${printable(line)}`, '  ');
}

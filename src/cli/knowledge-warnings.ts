import { credentialsIn } from '../literal-credentials.ts';
import { warnOfCredentials, type Warning } from '../playbook/warn-credentials.ts';
import { printable } from '../text.ts';
import { note } from './print.ts';

/** Says on standard error what looks like a credential; with the command that mends it. */
export function tellOfCredentials(entry: { name: string; solution: string }): Warning[] {
  const warnings = warnOfCredentials(entry.name, entry.solution);
  for (const { line, column, message } of warnings)
    note(`warning: solution:${line}:${column}: ${printable(message)}`);
  return warnings;
}

/** The same of a pattern, which is shown to whoever reads knowledge. */
export function tellOfPattern(pattern: string): string[] {
  if (credentialsIn(pattern).length === 0) return [];
  const warning =
    'the pattern holds what looks like a credential: match what stands around it, as with \\S+ in its place';
  note(`warning: ${warning}`);
  return [warning];
}

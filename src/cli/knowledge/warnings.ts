import { credentialsIn } from '../../ground/literal-credentials.ts';
import { isPlaybook } from '../../playbook/read.ts';
import { warnOfCredentials, type Warning } from '../../playbook/warn-credentials.ts';
import type { Db } from '../../database/connect.ts';
import { secretRows } from '../../data/secrets/rows.ts';
import { secretsNamedIn } from '../../ground/secret-reference.ts';
import { printable } from '../../ground/text.ts';
import { note } from '../terminal/print.ts';

/** Says on standard error what looks like a credential; with the command that mends it. */
export function tellOfCredentials(entry: { name: string; solution: string }): Warning[] {
  const warnings = warnOfCredentials(entry.name, entry.solution);
  for (const { line, column, message } of warnings)
    note(`warning: solution:${line}:${column}: ${printable(message)}`);
  return warnings;
}

/** Secrets that a playbook refers to and that are not stored: until they are, it is not applied. */
export async function tellOfSecrets(db: Db, { solution }: { solution: string }): Promise<string[]> {
  const named = isPlaybook(solution) ? secretsNamedIn(solution) : [];
  if (named.length === 0) return [];
  const stored = new Set((await secretRows(db, named)).map(({ name }) => name));
  const warnings = named
    .filter((name) => !stored.has(name))
    .map(
      (name) =>
        `the secret ${name} is not stored, so the playbook cannot be applied: \`npx roundsman secrets set ${name}\` stores it`,
    );
  for (const warning of warnings) note(`warning: ${warning}`);
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

/** Warnings about an entry of knowledge that is stored nevertheless. */
import { secretRows } from '../../data/secrets/rows.ts';
import type { Db } from '../../database/connect.ts';
import { credentialsIn } from '../../ground/secrets/literal-credentials.ts';
import { secretsNamedIn } from '../../ground/secrets/secret-reference.ts';
import { isPlaybook } from '../../playbook/read.ts';
import { unknownNameInWords } from '../references/unknown-name.ts';
import { warnOfCredentials, type Warning } from '../../playbook/warn-credentials.ts';

/** A sentence, or a place in the solution and what is wrong there. */
export type KnowledgeWarning = string | Warning;

interface Entry {
  name: string;
  issue_pattern: string;
  solution: string;
}

export const warningsOf = async (db: Db, entry: Entry): Promise<KnowledgeWarning[]> => [
  ...patternWarnings(entry.issue_pattern),
  ...credentialWarnings(entry),
  ...(await secretWarnings(db, entry)),
];

/**
 * Warns of a category that no finding and no entry has yet, because it may be a typing error. The entry is stored nevertheless.
 * Call this before it is stored, because it would find the entry's own category.
 */
export async function categoryWarnings(
  db: Db,
  category: string | undefined,
): Promise<KnowledgeWarning[]> {
  const warning =
    category === undefined ? null : await unknownNameInWords(db, 'entryCategory', category);
  return warning === null ? [] : [warning];
}

/** What looks like a credential in the solution, with the command that corrects it. */
export const credentialWarnings = ({ name, solution }: Omit<Entry, 'issue_pattern'>): Warning[] =>
  warnOfCredentials(name, solution);

/** Secrets that a playbook refers to and that are not stored: until they are, the playbook is not applied. */
export async function secretWarnings(
  db: Db,
  { solution }: Pick<Entry, 'solution'>,
): Promise<string[]> {
  const named = isPlaybook(solution) ? secretsNamedIn(solution) : [];
  if (named.length === 0) return [];
  const stored = new Set((await secretRows(db, named)).map(({ name }) => name));
  return named
    .filter((name) => !stored.has(name))
    .map(
      (name) =>
        `the secret ${name} is not stored, so the playbook cannot be applied: \`npx roundsman secrets set ${name}\` stores it`,
    );
}

/** Warns of what looks like a credential in the pattern: each person who reads knowledge sees the pattern. */
export const patternWarnings = (pattern: string): string[] =>
  credentialsIn(pattern).length === 0
    ? []
    : [
        'the pattern contains what looks like a credential: match the text around it, with \\S+ in its place',
      ];

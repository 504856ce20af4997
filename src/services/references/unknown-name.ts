/** Says that no row has had a name so far, with the nearest names that rows have: for names that a person may choose freely. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { askedIfMeant, nearest } from '../../ground/nearest.ts';
import { printable } from '../../ground/text.ts';

/** Each kind of name: the words for its absence, and the columns that hold it. */
const kinds = {
  component: ['no finding ever had the component', ['bot_findings', 'affected_component']],
  category: ['no finding ever had the category', ['bot_findings', 'category']],
  entryCategory: [
    'no finding ever had the category, and no entry of knowledge has it:',
    ['bot_findings', 'category'],
    ['bot_knowledge', 'category'],
  ],
  fingerprint: ['no finding ever had the fingerprint', ['bot_findings', 'fingerprint']],
  assignee: ['no ticket was ever assigned to', ['bot_tickets', 'assigned_to']],
} as const satisfies Record<string, [absence: string, ...Places]>;

type Places = (readonly [table: string, column: string])[];

type Kind = keyof typeof kinds;

/** How many names are compared with an unknown one. */
const maxNames = 2_000;

/**
 * `no finding ever had the component /v9 (did you mean /v1?)`; null if a row has the name. With `onlyNear` also null if no
 * other name is near: for kinds in which new names are usual.
 */
export async function unknownNameInWords(
  db: Db,
  kind: Kind,
  name: string,
  { onlyNear = false } = {},
): Promise<string | null> {
  const [absence, ...places] = kinds[kind];
  for (const [table, column] of places) {
    const { rows } = await sql`
      SELECT FROM ${sql.table(table)} WHERE ${sql.ref(column)} = ${name} LIMIT 1`.execute(db);
    if (rows.length > 0) return null;
  }
  // A fingerprint is copied, not typed: its neighbour is another problem.
  const meant = kind === 'fingerprint' ? [] : nearest(name, await namesOf(db, places));
  if (onlyNear && meant.length === 0) return null;
  const suggestion = meant.length > 0 ? ` (${askedIfMeant(meant.map(printable))})` : '';
  return `${absence} ${printable(name)}${suggestion}`;
}

async function namesOf(db: Db, places: Places): Promise<string[]> {
  const names = new Set<string>();
  for (const [table, column] of places) {
    const { rows } = await sql<{ name: string }>`
      SELECT DISTINCT ${sql.ref(column)} AS name FROM ${sql.table(table)}
      WHERE ${sql.ref(column)} IS NOT NULL LIMIT ${sql.lit(maxNames)}`.execute(db);
    for (const { name } of rows) names.add(name);
  }
  return [...names];
}

/** Free words, which may be new: names that no row has had so far are told, with the nearest that one has. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { nearest } from '../../ground/nearest.ts';
import { printable } from '../../ground/text.ts';

/** Each kind of name, how its absence is said, and where it stands. */
const kinds = {
  component: ['no finding ever had the component', ['bot_findings', 'affected_component']],
  category: ['no finding ever had the category', ['bot_findings', 'category']],
  topic: [
    'no finding ever had the category, and no entry of knowledge has it:',
    ['bot_findings', 'category'],
    ['bot_knowledge', 'category'],
  ],
  fingerprint: ['no finding ever had the fingerprint', ['bot_findings', 'fingerprint']],
  assignee: ['no ticket was ever assigned to', ['bot_tickets', 'assigned_to']],
} as const satisfies Record<string, [absence: string, ...Places]>;

type Places = (readonly [table: string, column: string])[];

type Kind = keyof typeof kinds;

/** The most names that are compared with one that is not there. */
const maxNames = 2_000;

/**
 * `no finding ever had the component /v9 (did you mean /v1?)`; null where a row has the name. With `onlyNear` also null
 * where no other name is near: for names of which new ones are usual.
 */
export async function unmetName(
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
  const did = meant.length > 0 ? ` (did you mean ${meant.map(printable).join(', ')}?)` : '';
  return `${absence} ${printable(name)}${did}`;
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

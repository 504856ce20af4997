/** What the checks of sentinel-db have in common: how they name tables, times and amounts, and report a list. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, Figure, ReportedFinding } from '../../src/bot.ts';
import { number } from '../parts/in-words.ts';

export const category = 'database';

/** SQL: the name of a table as people write it, without `public`. */
export const nameOf = (schema: string, name: string) =>
  sql<string>`CASE WHEN ${sql.ref(schema)} = 'public' THEN '' ELSE ${sql.ref(schema)} || '.' END || ${sql.ref(name)}`;

/** SQL: whether the schema is neither PostgreSQL's own nor one of temporary tables. */
export const isOfUsers = (schema: string) =>
  sql`(${sql.ref(schema)} <> 'information_schema' AND ${sql.ref(schema)} !~ '^pg_')`;

/** `rows` are the worst ones, at most one more than may be reported; `count` is how many were examined. */
export function reportList<Row>(
  rows: Row[],
  { max_findings: max }: { max_findings: number },
  finding: (row: Row) => Omit<ReportedFinding, 'category'>,
  { count, except = [], figures }: { count: number; except?: string[]; figures: Figure[] },
): CheckResult {
  return {
    examined: { count, except },
    findings: rows.slice(0, max).map((row) => ({ category, ...finding(row) })),
    figures,
    truncated: rows.length > max,
  };
}

export function bytes(size: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const step = Math.min(
    units.length - 1,
    Math.max(0, Math.floor(Math.log2(Math.max(1, size)) / 10)),
  );
  return `${number(size / 1_024 ** step)} ${units[step]}`;
}

/** The name of the database, which is the component of findings about all of it. */
export async function databaseName({ db }: Pick<CheckContext, 'db'>): Promise<string> {
  const { rows } = await sql<{ name: string }>`SELECT current_database() AS name`.execute(db);
  return rows[0]!.name;
}

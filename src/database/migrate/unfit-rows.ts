/**
 * Counts rows because of which a mending statement would fail: rows without a value that is needed, rows with the same
 * value, rows that refer to a row that does not exist.
 */
import { sql, type Transaction } from 'kysely';
import { mayBeNull } from './mends.ts';
import { tryInSavepoint } from './try-in-savepoint.ts';

type Parts = Map<string, string>;

/**
 * For columns that are documented as NOT NULL and may be NULL in this table: how many rows have no value, by
 * `table.column`.
 */
export async function rowsWithoutValue(
  trx: Transaction<any>,
  table: string,
  { documented, existing }: { documented: Parts; existing: Parts },
): Promise<[string, number][]> {
  const found: [string, number][] = [];
  for (const [part, definition] of documented) {
    const own = existing.get(part);
    if (!part.startsWith('column ') || own === undefined) continue;
    if (mayBeNull(definition) || !mayBeNull(own)) continue;
    const column = part.slice('column '.length);
    const rows = await countRows(trx, `public.${table} t WHERE t.${column} IS NULL`);
    if (rows > 0) found.push([`${table}.${column}`, rows]);
  }
  return found;
}

/** For documented foreign keys that this table lacks: how many rows refer to no existing row, by `table.key`. */
export async function rowsWithoutTarget(
  trx: Transaction<any>,
  table: string,
  { documented, existing }: { documented: Parts; existing: Parts },
): Promise<[string, number][]> {
  const found: [string, number][] = [];
  for (const part of documented.keys()) {
    const [, column, to, key] =
      /^constraint FOREIGN KEY \((\w+)\) REFERENCES ([\w.]+)\((\w+)\)/.exec(part) ?? [];
    if (to === undefined || existing.has(part)) continue;
    const relation = to.includes('.') ? to : `public.${to}`;
    const rows = await countRows(
      trx,
      `public.${table} t WHERE t.${column} IS NOT NULL AND NOT EXISTS (SELECT FROM ${relation} o WHERE o.${key} = t.${column})`,
    );
    if (rows > 0) found.push([`${table}.${part.slice('constraint '.length)}`, rows]);
  }
  return found;
}

export interface Duplicates {
  count: number;
  /** ids of two of them, or the id that they have in common; null where the rows have no id */
  example: string | null;
}

/** For documented unique and primary keys that this table lacks: rows with the same values, by `table.key`. */
export async function rowsWithSameKey(
  trx: Transaction<any>,
  table: string,
  { documented, existing }: { documented: Parts; existing: Parts },
): Promise<[string, Duplicates][]> {
  const found: [string, Duplicates][] = [];
  for (const part of documented.keys()) {
    const [, columns] = /^constraint (?:UNIQUE|PRIMARY KEY) \(([^)]*)\)/.exec(part) ?? [];
    if (columns === undefined || existing.has(part)) continue;
    const duplicates = await duplicatesOf(trx, table, columns, existing.has('column id'));
    if (duplicates) found.push([`${table}.${part.slice('constraint '.length)}`, duplicates]);
  }
  return found;
}

async function duplicatesOf(
  trx: Transaction<any>,
  table: string,
  columns: string,
  hasId: boolean,
): Promise<Duplicates | null> {
  const ids = hasId ? 'array_agg(DISTINCT t.id::text ORDER BY t.id::text)' : 'NULL::text[]';
  const given = columns.split(', ').map((column) => `t.${column} IS NOT NULL`);
  const counted = await tryInSavepoint(trx, () =>
    sql
      .raw<Duplicates>(
        `SELECT coalesce(sum(rows), 0)::int AS count, min(concat_ws(' and ', ids[1], ids[2])) FILTER (WHERE ids[1] IS NOT NULL) AS example
         FROM (SELECT count(*) AS rows, ${ids} AS ids FROM public.${table} t WHERE ${given.join(' AND ')}
               GROUP BY ${columns} HAVING count(*) > 1) duplicates`,
      )
      .execute(trx),
  );
  // The query fails where a column is missing, for example: that is a difference of its own.
  const [duplicates] = counted.ok ? counted.result.rows : [];
  return duplicates && duplicates.count > 0 ? duplicates : null;
}

/** Counts rows. Returns 0 also where the query fails, for example without the column: that is a difference of its own. */
async function countRows(trx: Transaction<any>, source: string): Promise<number> {
  const asked = await tryInSavepoint(trx, () =>
    sql.raw<{ count: number }>(`SELECT count(*)::int AS count FROM ${source}`).execute(trx),
  );
  return asked.ok ? asked.result.rows[0]!.count : 0;
}

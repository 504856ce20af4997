/** Rows that would refuse a statement: without a value where one has to be, with one twice, or referring to no row. */
import { sql, type Transaction } from 'kysely';
import { mayBeNull } from './mends.ts';
import { trying } from './trying.ts';

type Parts = Map<string, string>;

/** How many rows lack a value, by `table.column`, of columns that are documented as NOT NULL and are not so yet. */
export async function rowsWithout(
  trx: Transaction<any>,
  table: string,
  { documented, is }: { documented: Parts; is: Parts },
): Promise<[string, number][]> {
  const found: [string, number][] = [];
  for (const [part, definition] of documented) {
    const own = is.get(part);
    if (!part.startsWith('column ') || own === undefined) continue;
    if (mayBeNull(definition) || !mayBeNull(own)) continue;
    const column = part.slice('column '.length);
    const rows = await count(trx, `public.${table} t WHERE t.${column} IS NULL`);
    if (rows > 0) found.push([`${table}.${column}`, rows]);
  }
  return found;
}

/** How many rows refer to nothing, by `table.key`, of documented foreign keys that are missing. */
export async function rowsAstray(
  trx: Transaction<any>,
  table: string,
  { documented, is }: { documented: Parts; is: Parts },
): Promise<[string, number][]> {
  const found: [string, number][] = [];
  for (const part of documented.keys()) {
    const [, column, to, key] =
      /^constraint FOREIGN KEY \((\w+)\) REFERENCES ([\w.]+)\((\w+)\)/.exec(part) ?? [];
    if (to === undefined || is.has(part)) continue;
    const relation = to.includes('.') ? to : `public.${to}`;
    const rows = await count(
      trx,
      `public.${table} t WHERE t.${column} IS NOT NULL AND NOT EXISTS (SELECT FROM ${relation} o WHERE o.${key} = t.${column})`,
    );
    if (rows > 0) found.push([`${table}.${part.slice('constraint '.length)}`, rows]);
  }
  return found;
}

export interface Twins {
  count: number;
  /** ids of two of them, or the id that they have in common; null where the rows have no id */
  example: string | null;
}

/** Rows whose values another row has too, by `table.key`, of documented keys that are missing. */
export async function rowsTwice(
  trx: Transaction<any>,
  table: string,
  { documented, is }: { documented: Parts; is: Parts },
): Promise<[string, Twins][]> {
  const found: [string, Twins][] = [];
  for (const part of documented.keys()) {
    const [, columns] = /^constraint (?:UNIQUE|PRIMARY KEY) \(([^)]*)\)/.exec(part) ?? [];
    if (columns === undefined || is.has(part)) continue;
    const twins = await twinsOf(trx, table, columns, is.has('column id'));
    if (twins) found.push([`${table}.${part.slice('constraint '.length)}`, twins]);
  }
  return found;
}

async function twinsOf(
  trx: Transaction<any>,
  table: string,
  columns: string,
  hasId: boolean,
): Promise<Twins | null> {
  const ids = hasId ? 'array_agg(DISTINCT t.id::text ORDER BY t.id::text)' : 'NULL::text[]';
  const given = columns.split(', ').map((column) => `t.${column} IS NOT NULL`);
  const asked = await trying(trx, () =>
    sql
      .raw<Twins>(
        `SELECT coalesce(sum(rows), 0)::int AS count, min(concat_ws(' and ', ids[1], ids[2])) FILTER (WHERE ids[1] IS NOT NULL) AS example
         FROM (SELECT count(*) AS rows, ${ids} AS ids FROM public.${table} t WHERE ${given.join(' AND ')}
               GROUP BY ${columns} HAVING count(*) > 1) twins`,
      )
      .execute(trx),
  );
  // Where the question makes no sense, as without a column, that is a difference of its own.
  const [twins] = asked.ok ? asked.result.rows : [];
  return twins && twins.count > 0 ? twins : null;
}

/** 0 also where the question makes no sense, as without the column: that is a difference of its own. */
async function count(trx: Transaction<any>, of: string): Promise<number> {
  const asked = await trying(trx, () =>
    sql.raw<{ count: number }>(`SELECT count(*)::int AS count FROM ${of}`).execute(trx),
  );
  return asked.ok ? asked.result.rows[0]!.count : 0;
}

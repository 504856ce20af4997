/** Rows that would refuse a statement: without a value where one has to be, or referring to a row that is not there. */
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

/** 0 also where the question makes no sense, as without the column: that is a difference of its own. */
async function count(trx: Transaction<any>, of: string): Promise<number> {
  const asked = await trying(trx, () =>
    sql.raw<{ count: number }>(`SELECT count(*)::int AS count FROM ${of}`).execute(trx),
  );
  return asked.ok ? asked.result.rows[0]!.count : 0;
}

/** Which row each definition is, and which set of files it belongs to (`engine.definitions`). */
import { sql, type Selectable, type Transaction } from 'kysely';
import type { Database, Db } from '../../../database/connect.ts';
import type { EngineDefinitions } from '../../../database/tables.ts';

export type DefinitionRow = Selectable<EngineDefinitions>;

/** All of them, by kind and name. */
export async function definitionRows(db: Db): Promise<Map<string, DefinitionRow>> {
  const rows = await db.selectFrom('engine.definitions').selectAll().execute();
  return new Map(rows.map((row) => [keyOf(row.kind, row.name), row]));
}

/** What says that a row is a definition: by kind and id of the row. Names change, and two sets may have called a row differently. */
export const byRow = (rows: Iterable<DefinitionRow>): Map<string, DefinitionRow[]> =>
  Map.groupBy(rows, ({ kind, row_id: id }) => keyOf(kind, id));

/** What another set than this one says of a row; undefined where none names it. */
export const ofAnotherSet = (
  { definitionsOf, set }: { definitionsOf: Map<string, DefinitionRow[]>; set: string | null },
  kind: string,
  id: string,
): DefinitionRow | undefined =>
  definitionsOf
    .get(keyOf(kind, id))
    ?.find(({ set_name: other }) => other !== null && other !== set);

export const keyOf = (kind: string, name: string): string => `${kind} ${name}`;

/** Writes rows down that an apply has named: all in one statement. */
export async function rememberDefinitions(
  trx: Transaction<Database>,
  rows: Pick<
    DefinitionRow,
    'kind' | 'name' | 'row_id' | 'set_name' | 'file' | 'applied_by' | 'fields'
  >[],
): Promise<void> {
  if (rows.length === 0) return;
  await trx
    .insertInto('engine.definitions')
    .columns(['kind', 'name', 'row_id', 'set_name', 'file', 'applied_by', 'applied_at', 'fields'])
    .expression(
      sql`SELECT kind, name, row_id, set_name, file, applied_by, engine.now(), fields
          FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
            AS d (kind text, name text, row_id text, set_name text, file text, applied_by text, fields jsonb)
          ORDER BY kind, name`,
    )
    .onConflict((conflict) =>
      conflict.columns(['kind', 'name']).doUpdateSet((eb) => ({
        row_id: eb.ref('excluded.row_id'),
        set_name: eb.ref('excluded.set_name'),
        file: eb.ref('excluded.file'),
        applied_by: eb.ref('excluded.applied_by'),
        applied_at: eb.ref('excluded.applied_at'),
        fields: eb.ref('excluded.fields'),
      })),
    )
    .execute();
}

/** Forgets definitions, of which the rows were removed or have another name. */
export async function forgetDefinitions(
  trx: Transaction<Database>,
  gone: readonly { kind: string; name: string }[],
): Promise<void> {
  for (const { kind, name } of gone)
    await trx
      .deleteFrom('engine.definitions')
      .where('kind', '=', kind as DefinitionRow['kind'])
      .where('name', '=', name)
      .execute();
}

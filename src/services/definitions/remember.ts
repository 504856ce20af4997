/** Which row each definition of applied files is, and what they said of it. */
import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import type { Values } from './kinds/kind.ts';
import { fileOf, type Change, type Plan } from './planning/change.ts';
import {
  byRow,
  definitionRows,
  forgetDefinitions,
  keyOf,
  rememberDefinitions,
  type DefinitionRow,
} from './planning/sets.ts';

/** What a file says of a definition as PostgreSQL stores JSON; what it does not store is replaced in the row, too. */
const storedFields = (fields: Values): DefinitionRow['fields'] =>
  JSON.parse(
    JSON.stringify(fields, (_, value: unknown) =>
      typeof value === 'string' ? storable(value) : value,
    ),
  );

const setOf = (definitions: readonly DefinitionRow[] = []): string | null =>
  definitions.find(({ set_name: set }) => set !== null)?.set_name ?? null;

/** Writes down which row each definition of the files is. */
export async function remember(
  trx: Transaction<Database>,
  { set, changes, same }: Plan,
  ids: Map<Change, string>,
  by: string,
): Promise<void> {
  const named = [
    ...same.map(({ written, id }) => ({ written, id })),
    ...changes.flatMap((change) =>
      change.written ? [{ written: change.written, id: ids.get(change)! }] : [],
    ),
  ];
  const known = await definitionRows(trx);
  const definitionsOf = byRow(known.values());
  const removed = changes.flatMap(({ kind, name, action }) =>
    action === 'remove' ? [{ kind: kind.kind, name }] : [],
  );
  // A row is one definition: what it was called before, here or in another set, is forgotten.
  const calledBefore = named.flatMap(({ written: { kind, name }, id }) =>
    (definitionsOf.get(keyOf(kind.kind, id)) ?? []).filter((each) => each.name !== name),
  );
  await forgetDefinitions(trx, [...removed, ...calledBefore]);
  const rows = named.map(({ written, id }) => ({
    kind: written.kind.kind as 'bots',
    name: written.name,
    row_id: id,
    // Files without a set leave a definition to the set that it belongs to.
    set_name: set ?? setOf(definitionsOf.get(keyOf(written.kind.kind, id))),
    file: fileOf(written),
    applied_by: by,
    fields: storedFields(written.fields),
  }));
  await rememberDefinitions(
    trx,
    rows.filter((row) => {
      const before = known.get(keyOf(row.kind, row.name));
      return (
        !before ||
        (['row_id', 'set_name', 'file'] as const).some(
          (column) => before[column] !== row[column],
        ) ||
        !isDeepStrictEqual(before.fields, row.fields)
      );
    }),
  );
}

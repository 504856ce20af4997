/** Reads of `engine.definition_changes`: the history of definitions. Its rows are written by triggers alone. */
import { sql, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { countRows } from '../../database/rows/count-rows.ts';
import { timeOf, type Since } from '../../database/rows/since.ts';
import type { EngineDefinitionChanges } from '../../database/tables.ts';
import { presentDefinitions, type Definition, type DefinitionKind } from './kinds.ts';

type Row = Selectable<EngineDefinitionChanges>;

export interface DefinitionChange extends Omit<Row, 'before' | 'after'> {
  /** what was changed, as it was: these columns alone; null where it was added */
  before: Definition | null;
  /** the same columns afterwards; of one that was added, all of them; null where it was deleted */
  after: Definition | null;
}

export interface ChangesOf {
  kind: DefinitionKind;
  /** the id of its row, or its name; unless given, all of the kind */
  definition?: string | undefined;
  since?: Since | undefined;
}

/** The changes, the newest first, `limit` at most. */
export async function definitionChanges(
  db: Db,
  { limit, ...which }: ChangesOf & { limit: number },
): Promise<DefinitionChange[]> {
  const rows = await selected(db, which)
    .selectAll('d')
    // What one was added with stands in what its next change has replaced.
    .select((eb) =>
      eb
        .selectFrom('engine.definition_changes as n')
        .select('n.before')
        .whereRef('n.kind', '=', 'd.kind')
        .whereRef('n.definition', '=', 'd.definition')
        .whereRef('n.version', '>', 'd.version')
        .where('d.event', '=', 'added')
        .orderBy('n.version')
        .limit(1)
        .as('replaced'),
    )
    .orderBy('d.id', 'desc')
    .limit(limit)
    .execute();
  const unchanged = rows.filter((row) => row.event === 'added' && row.replaced === null);
  const present = await presentDefinitions(
    db,
    which.kind,
    unchanged.map(({ definition }) => definition),
  );
  return rows.map(({ replaced, ...row }) => ({ ...row, ...sidesOf(row, replaced, present) }));
}

/** How many there are; null: very many. */
export const countChanges = (db: Db, which: ChangesOf) => countRows(db, selected(db, which));

const selected = (db: Db, { kind, definition, since }: ChangesOf) =>
  db
    .selectFrom('engine.definition_changes as d')
    .where('d.kind', '=', kind)
    .$if(definition !== undefined, (query) => query.where('d.definition', '=', definition!))
    .$if(since !== undefined, (query) => query.where('d.changed_at', '>=', timeOf(since!)));

function sidesOf(
  row: Row,
  replaced: unknown,
  present: Map<string, Definition>,
): Pick<DefinitionChange, 'before' | 'after'> {
  if (row.event === 'added')
    return {
      before: null,
      after: (replaced as Definition | null) ?? present.get(row.definition) ?? null,
    };
  const before = row.before as Definition;
  if (row.event === 'deleted') return { before, after: null };
  const after = row.after as Definition;
  return {
    before: Object.fromEntries(Object.keys(after).map((column) => [column, before[column]])),
    after,
  };
}

/** The newest recorded version of a definition, and who made it; undefined where no change was ever recorded. */
export const newestChange = (
  db: Db,
  { kind, definition }: { kind: DefinitionKind; definition: string },
): Promise<Row | undefined> =>
  selected(db, { kind, definition })
    .selectAll('d')
    .orderBy('d.version', 'desc')
    .limit(1)
    .executeTakeFirst();

/** The newest change that touched one of these columns, or added or removed the definition; undefined where none is recorded. */
export const newestChangeOf = (
  db: Db,
  {
    kind,
    definition,
    columns,
  }: { kind: DefinitionKind; definition: string; columns: readonly string[] },
): Promise<Row | undefined> =>
  selected(db, { kind, definition })
    .selectAll('d')
    .where(sql<boolean>`(d.event <> 'changed' OR d.after ?| ${columns}::text[])`)
    .orderBy('d.version', 'desc')
    .limit(1)
    .executeTakeFirst();

/** The change that replaced a version; undefined where that version is the present one. */
export const changeAfter = (
  db: Db,
  { kind, definition, version }: { kind: DefinitionKind; definition: string; version: number },
): Promise<Row | undefined> =>
  selected(db, { kind, definition })
    .selectAll('d')
    .where('d.version', '>', version)
    .orderBy('d.version')
    .limit(1)
    .executeTakeFirst();

/** The changes after a version, the oldest first. */
export const changesSince = (
  db: Db,
  { kind, definition, version }: { kind: DefinitionKind; definition: string; version: number },
): Promise<Row[]> =>
  selected(db, { kind, definition })
    .selectAll('d')
    .where('d.version', '>', version)
    .orderBy('d.version')
    .execute();

/** The oldest version that is known: the first one that is recorded, or what that one replaced. Null where none is recorded. */
export async function oldestVersion(
  db: Db,
  { kind, definition }: { kind: DefinitionKind; definition: string },
): Promise<number | null> {
  const row = await selected(db, { kind, definition })
    .select(['d.version', 'd.event'])
    .orderBy('d.version')
    .limit(1)
    .executeTakeFirst();
  return row ? row.version - (row.event === 'added' ? 0 : 1) : null;
}

/** How many of the newest changes of each definition are kept; the versions of the policy all stay. */
const keptChanges = 200;

/** Removes older changes, `maxRows` at most, and returns how many. */
export async function removeOldChanges(
  db: Db,
  maxRows: number,
  kept = keptChanges,
): Promise<number> {
  const { numAffectedRows } = await sql`
    DELETE FROM engine.definition_changes WHERE id IN (
      SELECT old.id FROM (
        SELECT kind, definition, max(version) AS newest FROM engine.definition_changes
        WHERE kind <> 'policy' GROUP BY kind, definition HAVING count(*) > ${kept}) d
      CROSS JOIN LATERAL (
        SELECT c.id FROM engine.definition_changes c
        WHERE c.kind = d.kind AND c.definition = d.definition AND c.version <= d.newest - ${kept}) old
      LIMIT ${maxRows})`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** Which definitions are no longer what their files said when they were applied: without the files, so that every host can tell. */
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { changedBy } from './changed-by.ts';
import { kinds } from './kinds/index.ts';
import type { Kind, Present, Values } from './kinds/kind.ts';
import { definitionRows, type DefinitionRow } from './planning/sets.ts';
import { differingFields, wantedOf } from './planning/wanted-of.ts';

export interface Drift {
  kind: string;
  name: string;
  set: string | null;
  /** the file that was applied, as it was given */
  file: string;
  /** the fields that differ; empty where it was removed, or is called something else */
  fields: string[];
  /** `removed`, `called mop`; null where its fields say it */
  became: string | null;
  /** `ann at 2026-12-01 10:00:00 UTC`; null if that is not known */
  by: string | null;
}

/** Of how many it is said who changed them. */
const maxNamed = 5;

/** `applied`: how many definitions are known as their files said them. Some that have ended by themselves do not count as drifted. */
export async function driftOf(db: Db): Promise<{ applied: number; drifted: Drift[] }> {
  const rows = [...(await definitionRows(db)).values()].filter(({ fields }) => fields !== null);
  const drifted: Drift[] = [];
  for (const kind of kinds) {
    const own = rows.filter((row) => row.kind === kind.kind);
    if (own.length === 0) continue;
    const byId = new Map((await kind.present(db)).map((each) => [each.id, each]));
    for (const row of own) {
      const drift = driftIn(kind, row, byId.get(row.row_id));
      if (drift === null) continue;
      const by =
        drifted.length < maxNamed
          ? await changedBy(db, kind, {
              id: row.row_id,
              fields: drift.became === null ? drift.fields : ['name'],
            })
          : null;
      drifted.push({
        kind: kind.kind,
        name: row.name,
        set: row.set_name,
        file: row.file,
        ...drift,
        by,
      });
    }
  }
  return { applied: rows.length, drifted };
}

function driftIn(
  kind: Kind,
  row: DefinitionRow,
  present: Present | undefined,
): Pick<Drift, 'fields' | 'became'> | null {
  // A silence that is over is gone by itself.
  if (!present) return kind.kind === 'silences' ? null : { fields: [], became: 'removed' };
  if (present.over) return null;
  const given = row.fields as Values;
  const fields = fieldsIn(kind, row.name, given, present.values);
  const became =
    kind.rename !== undefined && present.name !== row.name ? `called ${present.name}` : null;
  return fields.length === 0 && became === null ? null : { fields, became };
}

function fieldsIn(kind: Kind, name: string, given: Values, before: Values): string[] {
  try {
    return differingFields(kind, { wanted: wantedOf(kind, name, given, before), given, before });
  } catch (error) {
    // What an earlier version applied may be refused today: then a diff says so, and here nothing is known of it.
    if (error instanceof RoundsmanError) return [];
    throw error;
  }
}

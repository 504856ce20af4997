import pg from 'pg';
import type { Manifest } from '../archive/manifest.ts';
import type { Entry } from '../archive/tar.ts';
import { nameOf } from '../read/table.ts';

interface Means {
  /** carries a statement out: null where it worked, else the error; the transaction goes on */
  attempt(statement: string): Promise<unknown>;
  copy(statement: string, entry: Entry): Promise<unknown>;
}

/** Keys of rows that are not in the backup: rows of their tables are made of them, where the keys alone make a row. */
export async function bringKeys(
  manifest: Manifest,
  references: ReadonlyMap<string, Entry>,
  { attempt, copy }: Means,
): Promise<void> {
  for (const each of manifest.references) {
    const table = nameOf({ schema: each.referencedSchema, name: each.referencedTable });
    const columns = each.referencedColumns.map((name) => pg.escapeIdentifier(name)).join(', ');
    const made = await attempt(
      `CREATE TEMP TABLE brought ON COMMIT DROP AS SELECT ${columns} FROM ${table} WHERE false`,
    );
    if (made !== null) continue;
    const keys = references.get(each.file);
    if (keys) await copy('COPY pg_temp.brought FROM STDIN', keys);
    await attempt(
      `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM pg_temp.brought ON CONFLICT DO NOTHING`,
    );
    const left = await attempt('DROP TABLE pg_temp.brought');
    if (left !== null) throw left as Error;
  }
}

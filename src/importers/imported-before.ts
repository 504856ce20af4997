/** Notices a text that was imported before, whatever its file is called and however it is packed. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { RoundsmanError } from '../ground/errors.ts';
import { counted, time } from '../ground/text.ts';

/** The same log, or its beginning, was imported before. Nothing was imported. */
export class ImportedBeforeError extends RoundsmanError {}

/** A row of engine.imports. */
interface Import {
  digest: string;
  /** of the text in UTF-8 */
  bytes: string;
  name: string;
  rows: string;
  imported_at: Date;
}

export interface Imported {
  name: string;
  rows: number;
  by: string | null;
  first: Date | null;
  last: Date | null;
}

export interface Seen {
  /** Throws {@link ImportedBeforeError} where the text so far is one that was imported. */
  look(chunk: Buffer): void;
  /** Writes the import down. Throws {@link ImportedBeforeError} where another process has just imported the same. */
  remember(imported: Imported): Promise<void>;
}

/** A log that grew begins with what was imported of it; the beginnings of so many imports are compared. */
const mostCompared = 1_000;

const columns = 'digest, bytes, name, rows, imported_at';

/** `again`: nothing is refused. The client is in the transaction of the import. */
export async function recognise(
  client: pg.PoolClient,
  table: string,
  { again }: { again: boolean },
): Promise<Seen> {
  const { rows: known } = again
    ? { rows: [] }
    : await client.query<Import>(
        `SELECT ${columns} FROM engine.imports WHERE table_name = $1 ORDER BY imported_at DESC LIMIT ${mostCompared}`,
        [table],
      );
  const byLength = Map.groupBy(known, (each) => Number(each.bytes));
  const lengths = [...byLength.keys()].toSorted((a, b) => a - b);
  const hash = createHash('sha256');
  let length = 0;
  const update = (bytes: Buffer) => {
    hash.update(bytes);
    length += bytes.length;
  };
  return {
    look(chunk) {
      let rest = chunk;
      while (lengths.length > 0 && lengths[0]! <= length + rest.length) {
        const next = lengths.shift()!;
        const part = next - length;
        update(rest.subarray(0, part));
        rest = rest.subarray(part);
        const digest = hash.copy().digest('hex');
        const same = byLength.get(next)!.find((each) => each.digest === digest);
        if (same) throw before(same, table, rest.length === 0 ? 'it' : 'its beginning');
      }
      update(rest);
    },
    async remember({ name, rows, by, first, last }) {
      const digest = hash.digest('hex');
      const { rowCount } = await client.query(
        `INSERT INTO engine.imports AS known
           (table_name, digest, bytes, name, rows, first_at, last_at, imported_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (table_name, digest) DO UPDATE
           SET name = EXCLUDED.name, imported_at = EXCLUDED.imported_at, imported_by = EXCLUDED.imported_by
         WHERE $9`,
        [table, digest, length, name, rows, first, last, by, again],
      );
      if (rowCount) return;
      const found = await client.query<Import>(
        `SELECT ${columns} FROM engine.imports WHERE table_name = $1 AND digest = $2`,
        [table, digest],
      );
      throw before(found.rows[0]!, table, 'it');
    },
  };
}

const before = ({ name, rows, imported_at }: Import, table: string, part: string) =>
  new ImportedBeforeError({
    what: 'nothing was imported',
    why: `${part} was imported into ${table} at ${time(imported_at)} UTC, from ${name}: ${counted(Number(rows), 'row')}`,
    hint: '--again imports all of it once more, beside the rows that are there',
  });

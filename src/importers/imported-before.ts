/** Notices a text that was imported before, whatever its file is called and however it is packed. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { RoundsmanError } from '../ground/errors.ts';
import { counted, time } from '../ground/text.ts';

/** The same log was imported before, and nothing was added to it. Nothing was imported. */
export class ImportedBeforeError extends RoundsmanError {}

/** A row of engine.imports. */
export interface Import {
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
  /** Where in the chunk a text ends that was imported before. */
  look(chunk: Buffer): number[];
  /** The longest one that the text so far begins with. */
  readonly beginning: Import | null;
  /** Throws {@link ImportedBeforeError}, unless the text has lines behind the one that was imported. */
  requireNew(newLines: number): void;
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
  let beginning: Import | null = null;
  return {
    look(chunk) {
      const ends: number[] = [];
      let done = 0;
      while (lengths.length > 0 && lengths[0]! <= length + chunk.length - done) {
        const next = lengths.shift()!;
        const end = done + next - length;
        update(chunk.subarray(done, end));
        done = end;
        const digest = hash.copy().digest('hex');
        const same = byLength.get(next)!.find((each) => each.digest === digest);
        if (same) ends.push(end);
        beginning = same ?? beginning;
      }
      update(chunk.subarray(done));
      return ends;
    },
    get beginning() {
      return beginning;
    },
    requireNew(newLines) {
      if (beginning !== null && newLines === 0)
        throw before(
          beginning,
          table,
          Number(beginning.bytes) === length ? 'it' : 'each of its lines',
        );
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

/** Recognises a text that was imported before, whatever the name of its file is and however it is packed. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { RoundsmanError } from '../ground/errors.ts';
import { counted, time } from '../ground/text.ts';
import { LineEnds } from './line-ends.ts';

/** The same log was imported before, and nothing was added to it. Nothing was imported. */
export class ImportedBeforeError extends RoundsmanError {}

/** A row of engine.imports. */
export interface Import {
  digest: string;
  /** how many bytes the text has in UTF-8, with \n for \r\n */
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

export interface Recognition {
  /**
   * Takes the next part of the text. Returns the offsets in this part at which a text ends that was imported before, and
   * with which this text begins.
   */
  findEnds(chunk: Buffer): number[];
  /** The longest imported text with which the text so far begins; null if there is none. */
  readonly beginning: Import | null;
  /** Throws {@link ImportedBeforeError}, unless the text has new lines after the part that was imported before. */
  requireNew(newLines: number): void;
  /**
   * Throws {@link ImportedBeforeError} when this text is a part of a longer one: the table already has all rows that this
   * transaction has written, and a longer text that begins or ends at the same time was imported.
   */
  requireNewRows(
    columns: readonly string[],
    imported: Pick<Imported, 'rows' | 'first' | 'last'>,
  ): Promise<void>;
  /** Records the import. Throws {@link ImportedBeforeError} when another process has just imported the same text. */
  remember(imported: Imported): Promise<void>;
}

/**
 * The most imports with which the beginning of a text is compared, the newest ones: a log that has grown begins with the
 * text that was imported of it.
 */
const maxCompared = 1_000;

/** The id of the importing transaction, as xmin of its rows has it. */
const ownTransaction = 'pg_current_xact_id()::xid';

const importColumns = 'digest, bytes, name, rows, imported_at';

/** Prepares the recognition of a text. The client is in the transaction of the import. `again`: nothing is refused. */
export async function recognise(
  client: pg.PoolClient,
  table: string,
  { again }: { again: boolean },
): Promise<Recognition> {
  const { rows: earlier } = again
    ? { rows: [] }
    : await client.query<Import>(
        `SELECT ${importColumns} FROM engine.imports WHERE table_name = $1 ORDER BY imported_at DESC LIMIT ${maxCompared}`,
        [table],
      );
  const byLength = Map.groupBy(earlier, (each) => Number(each.bytes));
  const lengths = [...byLength.keys()].toSorted((a, b) => a - b);
  const hash = createHash('sha256');
  let length = 0;
  let isLineEnded = true;
  const update = (bytes: Buffer) => {
    if (bytes.length === 0) return;
    hash.update(bytes);
    length += bytes.length;
    isLineEnded = bytes.at(-1) === 10;
  };
  const lineEnds = new LineEnds();
  const textOf = (bytes: number, digest: string) =>
    byLength.get(bytes)?.find((each) => each.digest === digest);
  let beginning: Import | null = null;
  return {
    findEnds(chunk) {
      const ends: number[] = [];
      const { bytes, offset } = lineEnds.plain(chunk);
      let done = 0;
      while (lengths.length > 0 && lengths[0]! <= length + bytes.length - done) {
        const next = lengths.shift()!;
        const end = done + next - length;
        update(bytes.subarray(done, end));
        done = end;
        const same = textOf(next, hash.copy().digest('hex'));
        if (same) ends.push(offset(end));
        beginning = same ?? beginning;
      }
      update(bytes.subarray(done));
      return ends;
    },
    get beginning() {
      return beginning;
    },
    requireNew(newLines) {
      const withLineEnd = isLineEnded
        ? undefined
        : textOf(length + 1, hash.copy().update('\n').digest('hex'));
      if (withLineEnd) throw importedBefore(withLineEnd, table, 'it');
      if (beginning !== null && newLines === 0)
        throw importedBefore(
          beginning,
          table,
          Number(beginning.bytes) === length ? 'it' : 'each of its lines',
        );
    },
    async requireNewRows(columns, { rows, first, last }) {
      if (again) return;
      const { rows: longer } = await client.query<Import>(
        `SELECT ${importColumns} FROM engine.imports
          WHERE table_name = $1 AND bytes > $2 AND rows >= $3 AND (first_at = $4 OR last_at = $5)
          ORDER BY imported_at DESC LIMIT 1`,
        [table, length, rows, first, last],
      );
      if (longer.length === 0) return;
      const rowsWhere = (where: string) =>
        `SELECT ROW(${columns.join()})::text FROM ${table} WHERE ${where} AND created_at BETWEEN $1 AND $2`;
      const { rowCount } = await client.query(
        `${rowsWhere(`xmin = ${ownTransaction}`)} EXCEPT ALL ${rowsWhere(`xmin <> ${ownTransaction}`)} LIMIT 1`,
        [first, last],
      );
      const part =
        'each of its rows is there, and a longer log that begins or ends at the same time';
      if (rowCount === 0) throw importedBefore(longer[0]!, table, part);
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
        `SELECT ${importColumns} FROM engine.imports WHERE table_name = $1 AND digest = $2`,
        [table, digest],
      );
      throw importedBefore(found.rows[0]!, table, 'it');
    },
  };
}

const importedBefore = ({ name, rows, imported_at }: Import, table: string, part: string) =>
  new ImportedBeforeError({
    what: 'nothing was imported',
    why: `${part} was imported into ${table} at ${time(imported_at)} UTC, from ${name}: ${counted(Number(rows), 'row')}`,
    hint: '--again imports all of it once more, beside the rows that are there',
  });

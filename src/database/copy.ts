/** COPY FROM STDIN in its text format. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

const special = /[\\\t\n\r]/;
const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A value in COPY's text format: null, text, numbers, booleans, dates, and objects as JSON. */
export function copyText(value: unknown): string {
  if (value === null || value === undefined) return '\\N';
  const text =
    value instanceof Date
      ? value.toISOString()
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value as string | number | boolean);
  // Few texts have special characters, and this test costs less than half of a replacement that finds nothing.
  if (!special.test(text)) return text;
  return text.replaceAll(/[\\\t\n\r]/g, (found) => escapes[found]!);
}

const rowsPerPiece = 1_000;

function* lines(rows: Iterable<unknown[]>, onRows: (rows: number) => void): Generator<string> {
  let text = '';
  let count = 0;
  for (const row of rows) {
    text += `${row.map(copyText).join('\t')}\n`;
    if (++count % rowsPerPiece === 0) {
      yield text;
      onRows(rowsPerPiece);
      text = '';
    }
  }
  if (text) yield text;
  onRows(count % rowsPerPiece);
}

/** Sends rows into a table, in the order of `columns`. If the transaction rolls back, none of them stays. */
export async function copyInto(
  client: pg.PoolClient,
  table: string,
  columns: readonly string[],
  rows: Iterable<unknown[]>,
  onRows: (rows: number) => void = () => {},
): Promise<void> {
  const copy = client.query(copyFrom(`COPY ${table} (${columns.join()}) FROM STDIN`));
  await pipeline(Readable.from(lines(rows, onRows)), copy);
}

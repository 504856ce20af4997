/** Reads the rows of one table with COPY. */
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { meaningOf, stateOf } from '../../database/faults/sql-states.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import type { TableToRead } from './inventory.ts';

const quoted = (name: string): string => pg.escapeIdentifier(name);

/** The table with its schema, quoted. */
export const nameOf = ({ schema, name }: { schema: string; name: string }): string =>
  `${quoted(schema)}.${quoted(name)}`;

/** Its columns in parentheses; nothing for a table without columns. */
export const columnsOf = ({ columns }: Pick<TableToRead, 'columns'>): string =>
  columns.length > 0 ? `(${columns.map(quoted).join(', ')})` : '';

/** The statement that reads exactly this table, without those that inherit from it. */
const copyOf = (table: TableToRead): string =>
  table.condition === null
    ? `COPY ${nameOf(table)} ${columnsOf(table)} TO STDOUT`
    : `COPY (SELECT ${table.columns.map(quoted).join(', ')} FROM ONLY ${nameOf(table)} ${table.condition}) TO STDOUT`;

/** Its rows in COPY's text format. */
export const readTable = (client: pg.ClientBase, table: TableToRead): AsyncIterable<Buffer> =>
  rowsOf(nameOf(table), copyOut(client, copyOf(table)));

/** The server does not give the rows of a table: a value is too large to be sent, or damaged on its disk. */
export class RowsUnreadableError extends RoundsmanError {}

/** The rows. The server's error does not say of which table it is. */
async function* rowsOf(table: string, rows: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* rows;
  } catch (error) {
    // An error without a state of the server's is about the connection.
    if (stateOf(error).length !== 5 || meaningOf(error)?.fault === 'connection') throw error;
    throw new RowsUnreadableError(
      {
        what: `the rows of ${table} cannot be read`,
        why: messageOf(error),
        hint: `\`COPY ${table} TO STDOUT\` on the server says the same; PostgreSQL sends no row of more than 1 GB, and a bytea takes twice its bytes there: keep such values as large objects, or outside of the database`,
      },
      { cause: error },
    );
  }
}

/** What COPY ... TO STDOUT sends. */
export function copyOut(client: pg.ClientBase, statement: string): AsyncIterable<Buffer> {
  const rows = client.query(copyTo(statement));
  // The iteration throws its errors. One more may follow when the connection is closed before the server has said that it is done.
  rows.on('error', () => {});
  return rows as AsyncIterable<Buffer>;
}

/** The keys that rows of this table name elsewhere, each once, in COPY's text format. */
export function keysOf(
  client: pg.ClientBase,
  table: string,
  columns: readonly string[],
): AsyncIterable<Buffer> {
  const names = columns.map((name) => pg.escapeIdentifier(name));
  const keys = copyOut(
    client,
    `COPY (SELECT DISTINCT ${names.join(', ')} FROM ONLY ${table}
    WHERE ${names.map((name) => `${name} IS NOT NULL`).join(' AND ')} ORDER BY ${names.join(', ')}) TO STDOUT`,
  );
  return rowsOf(table, keys);
}

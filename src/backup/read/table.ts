/** Reads the rows of one table with COPY. */
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
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
  copyOut(client, copyOf(table));

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
  return copyOut(
    client,
    `COPY (SELECT DISTINCT ${names.join(', ')} FROM ONLY ${table}
    WHERE ${names.map((name) => `${name} IS NOT NULL`).join(' AND ')} ORDER BY ${names.join(', ')}) TO STDOUT`,
  );
}

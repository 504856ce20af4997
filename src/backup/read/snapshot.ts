/** Transactions that read one state of the database, on connections of their own. */
import type { Socket } from 'node:net';
import type pg from 'pg';
import { connectAlone } from '../../database/connect.ts';

/**
 * What COPY's text depends on, as pg_dump sets it. A table is read from its beginning, so that its rows keep their order. A
 * migration that holds a table is waited for.
 */
const settings = `
  SET LOCAL row_security = off;
  SET LOCAL synchronize_seqscans = off;
  SET LOCAL extra_float_digits = 3;
  SET LOCAL IntervalStyle = postgres;
  SET LOCAL DateStyle = ISO;
  SET LOCAL TimeZone = 'UTC';
  SET LOCAL search_path = pg_catalog;
  SET LOCAL statement_timeout = 0;
  SET LOCAL lock_timeout = 0;
  SET LOCAL idle_in_transaction_session_timeout = 0`;

const beginReading = 'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY';

export interface Snapshot {
  /** the transaction that has made the snapshot, and holds it */
  client: pg.Client;
  /** for pg_dump */
  id: string;
  /** another transaction that reads the same state; it ends with the snapshot */
  another(): Promise<pg.Client>;
  /** Keeps these tables from being changed in their definition or emptied until the end. `names` are quoted. */
  lock(names: readonly string[]): Promise<void>;
  end(): void;
}

/** Makes a snapshot of the database; `end()` it. */
export async function openSnapshot(url: string): Promise<Snapshot> {
  const clients: pg.Client[] = [];
  const open = async (statements: string) => {
    const client = await connectAlone(url, { name: 'roundsman backup', statementTimeoutMs: 0 });
    clients.push(client);
    await client.query(statements);
    return client;
  };
  const end = () => {
    // Closed connections end their transactions, also one that a COPY occupies.
    for (const client of clients.splice(0))
      (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
  };
  try {
    const client = await open(`${beginReading}; ${settings}`);
    const { rows } = await client.query<{ id: string }>('SELECT pg_export_snapshot() AS id');
    const { id } = rows[0]!;
    return {
      client,
      id,
      another: () => open(`${beginReading}; SET TRANSACTION SNAPSHOT '${id}'; ${settings}`),
      async lock(names) {
        if (names.length > 0)
          await client.query(`LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`);
      },
      end,
    };
  } catch (error) {
    end();
    throw error;
  }
}

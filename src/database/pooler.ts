/** Detects a pooler in front of PostgreSQL that does not give each connection a session of its own. */
import { randomUUID } from 'node:crypto';
import type { PoolClient } from 'pg';
import { messageOf, RoundsmanError } from '../ground/errors.ts';
import { pool } from './connect.ts';

/** DATABASE_URL leads to a pooler in transaction mode, and each connection has to be one session of PostgreSQL. */
export class TransactionPoolerError extends RoundsmanError {
  constructor(why: string) {
    super({
      what: 'this database is reached through a pooler that does not keep sessions together',
      why: `${why}; settings, LISTEN and time limits of a session would get lost or reach others`,
      hint: 'let DATABASE_URL name PostgreSQL itself or a pooler in session mode (PgBouncer: pool_mode = session; Supabase: port 5432)',
    });
  }
}

/** The longest that one query may take: a pooler without a free session lets a query wait. */
const answerTimeoutMs = 5_000;

const sessionOf = async (client: PoolClient) => {
  const { rows } = await client.query<{ pid: number; mark: string | null }>(
    `SELECT pg_backend_pid() AS pid, current_setting('roundsman.mark', true) AS mark`,
  );
  return rows[0]!;
};

/**
 * Throws {@link TransactionPoolerError} where statements of one connection reach several sessions. On a direct
 * connection this costs one query: its process id is the server's, while poolers invent one.
 */
export async function refuseTransactionPooler(url: string): Promise<void> {
  const connections = pool(url, { max: 3, name: 'roundsman', silenceMs: answerTimeoutMs });
  const clients: PoolClient[] = [];
  try {
    const first = await connections.connect();
    clients.push(first);
    const { pid } = await sessionOf(first);
    if ((first as unknown as { processID: number }).processID === pid) return;
    // A pooler in statement mode refuses the first BEGIN.
    await tryTransaction(first);
    const mark = randomUUID();
    await first.query(`SELECT set_config('roundsman.mark', $1, false)`, [mark]);
    // Two more connections each occupy a session. A pooler that shares sessions then gives one of these connections the
    // session of the first connection, or moves the first connection to another session.
    for (let count = 0; count < 2; count += 1) {
      const other = await connections.connect().catch(() => null);
      if (!other) break; // A pooler in session mode may have no free session: that is not an error.
      clients.push(other);
      await other.query('BEGIN');
      if ((await sessionOf(other)).mark === mark)
        throw new TransactionPoolerError('a setting of one connection was seen on another one');
      const again = await sessionOf(first);
      if (again.pid !== pid || again.mark !== mark)
        throw new TransactionPoolerError('two statements of one connection reached two sessions');
    }
  } finally {
    // Closes them instead of returning them to the pool: a mark or a transaction must not stay in the session.
    for (const client of clients) client.release(true);
    await connections.end();
  }
}

async function tryTransaction(client: PoolClient): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query('ROLLBACK');
  } catch (error) {
    if (/statement pooling/.test(messageOf(error)))
      throw new TransactionPoolerError('it accepts no transactions, because it pools by statement');
    throw error;
  }
}

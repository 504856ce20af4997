/** Starts a PostgreSQL for the harness, with fsync as in production, which can crash and start again. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { serverAccount } from '../../src/database/embedded/account.ts';
import { placeBinaries } from '../../src/database/embedded/binaries.ts';
import { findPostmaster } from '../../src/database/embedded/postmaster.ts';
import { startServer } from '../../src/database/embedded/server.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';

export interface PostgresServer {
  url: string;
  port: number;
  /** Sends a query of the harness, not through a proxy. Tries again while the server is away. */
  ask<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Opens a connection of its own, for a transaction that keeps a lock. */
  connect(): Promise<pg.Client>;
  /** Restarts like `pg_ctl restart -m immediate`: no checkpoint, every session is cut off, recovery from the log. */
  restartImmediately(): Promise<void>;
  stop(): Promise<void>;
}

const settings = { max_connections: '400', shared_buffers: '256MB' };
const patienceMs = 60_000;

export async function startPostgresServer(directory: string): Promise<PostgresServer> {
  const server = await startThrowaway(directory, { fsync: true, settings });
  const data = join(directory, 'postgres');
  const { port: text, password } = new URL(server.url);
  const port = Number(text);
  // Every process of the engine connects from an address of its own: see crew.ts.
  appendFileSync(join(data, 'pg_hba.conf'), 'host all all 127.0.0.0/8 scram-sha-256\n');
  const pool = new pg.Pool({ connectionString: server.url, max: 6, application_name: 'chaos' });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  await pool.query('SELECT pg_reload_conf()');

  return {
    url: server.url,
    port,
    async ask(text, values = []) {
      for (const deadline = Date.now() + patienceMs; ; await sleep(100)) {
        try {
          return (await pool.query(text, values)).rows;
        } catch (error) {
          const code = (error as { code?: string }).code ?? '';
          const away = !(error instanceof pg.DatabaseError) || /^(08|57P|53)/.test(code);
          if (!away || Date.now() > deadline) throw error;
        }
      }
    },
    async connect() {
      const client = new pg.Client({ connectionString: server.url, application_name: 'chaos' });
      client.on('error', () => {});
      await client.connect();
      return client;
    },
    async restartImmediately() {
      const { pid } = findPostmaster(data)!;
      process.kill(pid, 'SIGQUIT');
      while (findPostmaster(data)) await sleep(10);
      const account = serverAccount();
      const log = join(directory, 'postgres.log');
      const cluster = {
        bin: await placeBinaries(directory),
        data,
        log,
        account,
        password,
        settings,
      };
      await startServer(cluster, port);
    },
    async stop() {
      await pool.end().catch(() => {});
      await server.stop();
    },
  };
}

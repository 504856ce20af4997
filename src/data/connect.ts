import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { DB } from './tables.ts';

/** The platform's whole schema as Kysely sees it; the tables are generated from the migrated database. */
export type Database = DB;
export type Db = Kysely<Database>;

export interface ConnectOptions {
  /** Connections at most; 10 unless told. */
  max?: number;
  /** Shown in pg_stat_activity, so that an operator sees whose connection it is. */
  name?: string;
  /** Every statement ends after this many milliseconds; 30,000 unless told, 0 for no limit. */
  statementTimeoutMs?: number;
  /** The session refuses to write: what checks get. */
  readOnly?: boolean;
}

// DATE would become a Date at local midnight and so another day in another zone.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);

/** Settings that every session of ours begins with: a backend whose client vanished must not run on. */
function sessionOptions({ statementTimeoutMs = 30_000, readOnly = false }: ConnectOptions): string {
  const settings: Record<string, string | number> = {
    statement_timeout: statementTimeoutMs,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 60_000,
    client_connection_check_interval: 500,
    TimeZone: 'UTC',
  };
  if (readOnly) settings.default_transaction_read_only = 'on';
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** A pool of plain `pg` connections, for COPY and LISTEN; `end()` it. Nothing connects before the first query. */
export function pool(url: string, options: ConnectOptions = {}): pg.Pool {
  const made = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    application_name: options.name ?? 'roundsman',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    options: sessionOptions(options),
  });
  // An idle connection that the server closes is replaced by the next query; unheard, it would end the process.
  made.on('error', () => {});
  // One that is lost while it is checked out tells its client too, besides failing the query.
  made.on('connect', (client) => client.on('error', () => {}));
  return made;
}

/** A Kysely over a pool of its own; `destroy()` ends it. */
export const connect = (url: string, options: ConnectOptions = {}): Db =>
  new Kysely<Database>({ dialect: new PostgresDialect({ pool: pool(url, options) }) });

/** Ends the sessions of this name, which a process that was killed may have left at work. */
export const endSessions = (db: Db, name: string) =>
  sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = ${name} AND usename = current_user AND pid <> pg_backend_pid()`.execute(
    db,
  );

import type { Socket } from 'node:net';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { planAnew } from './plan-anew.ts';
import { rememberErrors } from './own-errors.ts';
import { becomeReader } from './reader.ts';
import type { DB } from './tables.ts';

/** The platform's whole schema as Kysely sees it; the tables are generated from the migrated database. */
export type Database = DB;
export type Db = Kysely<Database>;

export interface ConnectOptions {
  /** Connections at most; 10 unless told. */
  max?: number;
  /** They stay open while nothing is asked of them, for they hold plans; others are closed after 10 s. */
  keep?: boolean;
  /** Shown in pg_stat_activity, so that an operator sees whose connection it is. */
  name?: string;
  /** Every statement ends after this many milliseconds; 30,000 unless told, 0 for no limit. */
  statementTimeoutMs?: number;
  /**
   * A connection on which a statement gets no answer for this long is given up; never unless told. Longer
   * than the statement timeout, after which a server that is still there answers.
   */
  silenceMs?: number;
  /** Plans that its connections keep are made again when they are old: for processes that run for long. */
  plansAnew?: boolean;
  /** The session refuses to write, and reads as a role that cannot where there is one: what checks get. */
  readOnly?: boolean;
  /** Where names without a schema are looked up, if not where the role looks. */
  searchPath?: string;
}

// DATE would become a Date at local midnight and so another day in another zone.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);

/** A new connection, its settings included, takes this long at most. */
const connectTimeoutMs = 10_000;

/**
 * Settings that every session of ours begins with: a backend whose client vanished must not run on. Set
 * by a statement and not at startup, because poolers refuse startup options that they do not know.
 */
function sessionSettings(options: ConnectOptions): Record<string, string> {
  return {
    statement_timeout: String(options.statementTimeoutMs ?? 30_000),
    lock_timeout: '10000',
    idle_in_transaction_session_timeout: '60000',
    client_connection_check_interval: '500',
    TimeZone: 'UTC',
    ...(options.readOnly && { default_transaction_read_only: 'on' }),
    ...(options.searchPath && { search_path: options.searchPath }),
  };
}

/**
 * For the engine, whose statements are short: one that takes longer is on a server that is in trouble, or
 * on a socket that is dead, and waiting for it would cost more than doing it again. Its plans follow the tables.
 */
export const shortStatements = {
  statementTimeoutMs: 5_000,
  silenceMs: 6_000,
  plansAnew: true,
} as const;

const literal = (text: string) => pg.escapeLiteral(text);

/** What pg keeps in its clients and its types do not tell. */
interface Inside {
  connection: { stream: Socket };
  readyForQuery: boolean;
  _sentQueryQueue?: unknown[];
}

interface Open {
  client: Inside;
  heardAt: number;
}

/** This process's connections by server: one network loses them together. */
const openTo = new Map<string, Set<Open>>();

const streamOf = ({ client }: Open) => client.connection.stream;

const isIdle = ({ readyForQuery, _sentQueryQueue: sent }: Inside) => readyForQuery && !sent?.length;

/**
 * Gives a connection up when a statement gets no answer for so long, and with it the others to the same
 * server that have not been heard of since, so that nobody else has to find out. A network that lost the
 * server without a word would otherwise keep the statement, and whoever waits for it, for ever. pg's own
 * query_timeout leaves the connection in the pool, behind the answer that never comes.
 */
function giveUpSilent(client: Inside, server: string): void {
  const { stream } = client.connection;
  const open: Open = { client, heardAt: performance.now() };
  const together = openTo.get(server) ?? new Set();
  openTo.set(server, together.add(open));
  stream.on('data', () => (open.heardAt = performance.now()));
  stream.on('close', () => together.delete(open));
  stream.on('timeout', () => {
    if (isIdle(client)) return;
    const silentMs = stream.timeout ?? 0;
    const error = new Error(`PostgreSQL has not answered for ${silentMs / 1000} s`);
    const since = performance.now() - silentMs;
    // Not those at work that may be silent for as long as they like.
    const suspect = [...together].filter(
      (each) => each.heardAt <= since && (isIdle(each.client) || streamOf(each).timeout),
    );
    for (const each of suspect) streamOf(each).destroy(error);
    stream.destroy(error);
  });
}

/** A pool of plain `pg` connections, for COPY and LISTEN; `end()` it. Nothing connects before the first query. */
export function pool(url: string, options: ConnectOptions = {}): pg.Pool {
  const settings = Object.entries(sessionSettings(options))
    .map(([name, value]) => `set_config(${literal(name)}, ${literal(value)}, false)`)
    .join(', ');
  const server = URL.canParse(url) ? new URL(url).host : url;
  const made = new pg.Pool({
    connectionString: url,
    max: options.max ?? 10,
    application_name: options.name ?? 'roundsman',
    connectionTimeoutMillis: connectTimeoutMs,
    ...(options.keep && { idleTimeoutMillis: 0 }),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // It awaits what is returned, which its types do not tell.
    onConnect: (async (client: pg.ClientBase) => {
      // One that is lost while it is checked out tells its client too, besides failing the query.
      client.on('error', () => {});
      const inside = client as unknown as Inside;
      inside.connection.stream.setTimeout(connectTimeoutMs);
      giveUpSilent(inside, server);
      await client.query(`SELECT ${settings}${options.readOnly ? `, ${becomeReader}` : ''}`);
      inside.connection.stream.setTimeout(options.silenceMs ?? 0);
    }) as (client: pg.ClientBase) => void,
  });
  if (options.plansAnew) made.on('acquire', planAnew);
  // An idle connection that the server closes is replaced by the next query; unheard, it would end the process.
  made.on('error', () => {});
  return made;
}

/** A Kysely over a pool of its own; `destroy()` ends it. */
export const connect = (url: string, options: ConnectOptions = {}): Db =>
  new Kysely<Database>({
    dialect: new PostgresDialect({ pool: rememberErrors(pool(url, options)) }),
  });

/** Ends the sessions of this name, which a process that was killed may have left at work. */
export const endSessions = (db: Db, name: string) =>
  sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = ${name} AND usename = current_user AND pid <> pg_backend_pid()`.execute(
    db,
  );

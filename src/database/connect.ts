import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { withFirstHost } from '../ground/addresses/database-hosts.ts';
import { watchSession, serverOf, watchLending, type PgInternals } from './open-sessions.ts';
import { followPrimary, PrimaryClient } from './primary-client.ts';
import { rememberErrors } from './faults/own-errors.ts';
import { dropOldPlans } from './drop-old-plans.ts';
import { keepPrepared } from './prepared.ts';
import { beginSession, type SessionOptions } from './session.ts';
import type { DB } from './tables.ts';

/** The platform's whole schema as Kysely sees it; the tables are generated from the migrated database. */
export type Database = DB;
export type Db = Kysely<Database>;

export interface ConnectOptions extends SessionOptions {
  /** The most connections; 10 by default. */
  max?: number;
  /** Connections stay open while they are idle, because they keep plans; without it they are closed after 10 s. */
  keep?: boolean;
  /** Shown in pg_stat_activity, so that an operator sees which process a connection belongs to. */
  name?: string;
  /** A connection is replaced when it is older than this; by default it is never replaced. */
  lifetimeSeconds?: number;
  /**
   * A connection on which a statement gets no answer for this long is closed; by default never. It has to be longer
   * than the statement timeout, because a reachable server answers by then.
   */
  silenceMs?: number;
  /** Connections drop plans that are old, and plan their statements again: for processes that run for long. */
  dropsOldPlans?: boolean;
  /** Idle connections do not keep the process alive. */
  idleUnreferenced?: boolean;
}

/** The longest that opening a connection may take, its settings included. */
const connectTimeoutMs = 10_000;

/**
 * For the engine, whose statements are short. A statement that takes longer than this meets a server in trouble or a
 * dead socket: to wait for it would cost more than to run it again. Statements are planned again as tables grow.
 */
export const shortStatements = {
  statementTimeoutMs: 5_000,
  silenceMs: 6_000,
  dropsOldPlans: true,
} as const;

/** Options of the engine and the commands: they do the platform's own work, whichever role they log in as. */
export const forEngine = { primary: true, asService: true } as const;

/** A pool of plain `pg` connections, for COPY and LISTEN; `end()` it. Nothing connects before the first query. */
export function pool(address: string, options: ConnectOptions = {}): pg.Pool {
  const url = withFirstHost(address);
  const server = serverOf(url);
  const made = new pg.Pool({
    Client: PrimaryClient,
    connectionString: url,
    max: options.max ?? 10,
    application_name: options.name ?? 'roundsman',
    connectionTimeoutMillis: connectTimeoutMs,
    ...(options.keep && { idleTimeoutMillis: 0 }),
    ...(options.lifetimeSeconds && { maxLifetimeSeconds: options.lifetimeSeconds }),
    ...(options.idleUnreferenced && { allowExitOnIdle: true }),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // pg-pool awaits the promise that is returned; its types do not say so.
    onConnect: (async (client: pg.ClientBase) => {
      const inside = client as unknown as PgInternals;
      inside.connection.stream.setTimeout(connectTimeoutMs);
      watchSession(inside, server, options.readOnly === true);
      await beginSession(client, options);
      inside.connection.stream.setTimeout(options.silenceMs ?? 0);
    }) as (client: pg.ClientBase) => void,
  });
  if (options.dropsOldPlans) made.on('acquire', dropOldPlans).on('connect', keepPrepared);
  // When the server closes an idle connection, the next query opens a new one. Without a listener the error of the
  // old one would end the process.
  made.on('error', () => {});
  watchLending(made);
  followPrimary(url, made);
  return made;
}

/**
 * One connection of its own, for COPY TO STDOUT: the package that reads it refuses a socket that the watch over sessions reads,
 * too. Its owner ends it.
 */
export async function connectAlone(
  address: string,
  options: SessionOptions & { name: string },
): Promise<pg.Client> {
  const client = new PrimaryClient({
    connectionString: withFirstHost(address),
    application_name: options.name,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  try {
    await client.connect();
    await beginSession(client, options);
    return client;
  } catch (error) {
    client.end().catch(() => {});
    throw error;
  }
}

/** A Kysely over a pool of its own; `destroy()` ends it. */
export const connect = (url: string, options: ConnectOptions = {}): Db =>
  new Kysely<Database>({
    dialect: new PostgresDialect({
      pool: rememberErrors(pool(url, options), options.readOnly === true),
    }),
  });

/**
 * Ends the sessions with this name, which a killed process may have left running. It works as the login, which owns
 * those sessions, also where this session works as service_role.
 */
export const endSessions = (db: Db, name: string) =>
  db.transaction().execute(async (trx) => {
    await sql`SET LOCAL ROLE NONE`.execute(trx);
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE application_name = ${name} AND usename = session_user AND pid <> pg_backend_pid()`.execute(
      trx,
    );
  });

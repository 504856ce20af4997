import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { keepWatch, serverOf, watchLending, type Inside } from './open-sessions.ts';
import { OwnClient } from './own-client.ts';
import { rememberErrors } from './faults/own-errors.ts';
import { planAnew } from './plan-anew.ts';
import { keepPrepared } from './prepared.ts';
import { beginSession, type SessionOptions } from './session.ts';
import type { DB } from './tables.ts';

/** The platform's whole schema as Kysely sees it; the tables are generated from the migrated database. */
export type Database = DB;
export type Db = Kysely<Database>;

export interface ConnectOptions extends SessionOptions {
  /** Connections at most; 10 unless told. */
  max?: number;
  /** They stay open while nothing is asked of them, for they hold plans; others are closed after 10 s. */
  keep?: boolean;
  /** Shown in pg_stat_activity, so that an operator sees whose connection it is. */
  name?: string;
  /** A connection is not used for longer than this; for ever unless told. */
  lifetimeSeconds?: number;
  /**
   * A connection on which a statement gets no answer for this long is given up; never unless told. Longer
   * than the statement timeout, after which a server that is still there answers.
   */
  silenceMs?: number;
  /** Plans that its connections keep are made again when they are old: for processes that run for long. */
  plansAnew?: boolean;
  /** Connections that are not at work do not keep the process from ending. */
  idleUnreferenced?: boolean;
}

/** A new connection, its settings included, takes this long at most. */
const connectTimeoutMs = 10_000;

/**
 * For the engine, whose statements are short: one that takes longer is on a server that is in trouble, or
 * on a socket that is dead, and waiting for it would cost more than doing it again. Its plans follow the tables.
 */
export const shortStatements = {
  statementTimeoutMs: 5_000,
  silenceMs: 6_000,
  plansAnew: true,
} as const;

/** What the engine and the commands add: they do the platform's work, whoever logs in for them. */
export const forEngine = { primary: true, asService: true } as const;

/**
 * pg takes these modes for verify-full, and prints a warning that it will not always. The same, without it; unless
 * the address asks for libpq's own meaning.
 */
const asVerified = (url: string): string =>
  /[?&]uselibpqcompat=true/.test(url)
    ? url
    : url.replace(/([?&]sslmode=)(prefer|require|verify-ca)(?=&|$)/, '$1verify-full');

/** A pool of plain `pg` connections, for COPY and LISTEN; `end()` it. Nothing connects before the first query. */
export function pool(url: string, options: ConnectOptions = {}): pg.Pool {
  const server = serverOf(url);
  const made = new pg.Pool({
    Client: OwnClient,
    connectionString: asVerified(url),
    max: options.max ?? 10,
    application_name: options.name ?? 'roundsman',
    connectionTimeoutMillis: connectTimeoutMs,
    ...(options.keep && { idleTimeoutMillis: 0 }),
    ...(options.lifetimeSeconds && { maxLifetimeSeconds: options.lifetimeSeconds }),
    ...(options.idleUnreferenced && { allowExitOnIdle: true }),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // It awaits what is returned, which its types do not tell.
    onConnect: (async (client: pg.ClientBase) => {
      // One that is lost while it is checked out tells its client too, besides failing the query.
      client.on('error', () => {});
      const inside = client as unknown as Inside;
      inside.connection.stream.setTimeout(connectTimeoutMs);
      keepWatch(inside, server, options.readOnly === true);
      await beginSession(client, options);
      inside.connection.stream.setTimeout(options.silenceMs ?? 0);
    }) as (client: pg.ClientBase) => void,
  });
  if (options.plansAnew) made.on('acquire', planAnew).on('connect', keepPrepared);
  // An idle connection that the server closes is replaced by the next query; without a listener its error would end the process.
  made.on('error', () => {});
  watchLending(made);
  return made;
}

/** A Kysely over a pool of its own; `destroy()` ends it. */
export const connect = (url: string, options: ConnectOptions = {}): Db =>
  new Kysely<Database>({
    dialect: new PostgresDialect({
      pool: rememberErrors(pool(url, options), options.readOnly === true),
    }),
  });

/**
 * Ends the sessions of this name, which a process that was killed may have left at work: as the login, whose they
 * are, also where this session works as service_role.
 */
export const endSessions = (db: Db, name: string) =>
  db.transaction().execute(async (trx) => {
    await sql`SET LOCAL ROLE NONE`.execute(trx);
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE application_name = ${name} AND usename = session_user AND pid <> pg_backend_pid()`.execute(
      trx,
    );
  });

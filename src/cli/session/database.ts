import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import { settlesWithin } from '../../ground/settles-within.ts';
import { note } from '../terminal/print.ts';

const closeWithinMs = 500;

export interface Session {
  config: Config;
  url: string;
  db: Db;
  /** whether it is the embedded database */
  embedded: boolean;
  /** the migrations that `migrate` applied */
  migrated: string[];
}

export interface SessionOptions {
  /** create the embedded database if it does not exist: only `up`, `demo`, `round` and `db` do so */
  create?: boolean;
  /** apply pending migrations: `db migrate` on any database, `up` and `round` only on the embedded one */
  migrate?: boolean | 'embedded';
  /** with `migrate`: which tables the database is to have; unless given, those that it has */
  tables?: 'bots' | 'all';
  /**
   * called when the database has answered, before it is migrated: throws what the command refuses because of rows or of the
   * schema, so that nothing is written then. The schema may be an older one, or none.
   */
  before?: (session: Pick<Session, 'config' | 'url' | 'db'>) => Promise<void>;
  /** the database only has to answer, migrated or not: for `db status` */
  allowPending?: boolean;
  /** 10 by default */
  maxConnections?: number;
}

/** The database's address without its password. */
export function addressWithoutPassword(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}${port ? `:${port}` : ''}${pathname}`;
}

/** Which database a command works on: your own, or the embedded one. */
export interface Address {
  config: Config;
  url: string;
  embedded: boolean;
  /** Prints on standard error which one it is, once. */
  tell(): void;
}

/**
 * Whether there is a database to ask: your own, or an embedded one that was made. In a new project there is none before the first
 * `up`, and a command may have an answer all the same.
 */
export async function hasDatabase(): Promise<boolean> {
  const { databaseUrl, home } = (await import('../../config.ts')).readConfig();
  if (databaseUrl) return true;
  return (await import('../../database/embedded/location.ts')).embeddedExists(home);
}

/**
 * Runs a command's work while the database that the configuration names can be reached, your own or the embedded one.
 * Other processes may share the embedded server; the last one to leave stops it.
 */
export async function withAddress<Result>(
  work: (address: Address) => Promise<Result>,
  { create = false }: Pick<SessionOptions, 'create'> = {},
): Promise<Result> {
  const { readConfig } = await import('../../config.ts');
  const config = readConfig();
  const embedded = config.databaseUrl
    ? null
    : await (
        await import('../../database/embedded/join-as-command.ts')
      ).joinAsCommand(config.home, { create, onWait: note });
  const url = config.databaseUrl ?? embedded!.url;
  let isNoted = false;
  const tell = () => {
    if (!isNoted)
      note(
        `database: ${embedded ? `embedded PostgreSQL in ${config.home}` : addressWithoutPassword(url)}`,
      );
    isNoted = true;
  };
  try {
    return await work({ config, url, embedded: embedded !== null, tell });
  } catch (error) {
    tell();
    throw error;
  } finally {
    await embedded?.leave();
  }
}

/**
 * Runs a command's work on a connection to that database. Prints on standard error which database that is, where it helps: for
 * your own one, of which there may be several; for one that may have just been created; and beside an error.
 */
export const withDatabase = <Result>(
  work: (session: Session) => Promise<Result>,
  options: SessionOptions = {},
): Promise<Result> =>
  withAddress(async ({ config, url, embedded, tell }) => {
    const { connect } = await import('../../database/connect.ts');
    const db = connect(url, {
      name: 'roundsman cli',
      asService: true,
      ...(options.maxConnections && { max: options.maxConnections }),
    });
    try {
      if (!embedded || options.create) tell();
      const { DatabaseNotReadyError, prepareDatabase } =
        await import('../../database/migrate/prepare.ts');
      const migrate = options.migrate === 'embedded' ? embedded : (options.migrate ?? false);
      const only = options.tables === 'all' ? undefined : (options.tables ?? 'present');
      const { before: refuse } = options;
      const before = refuse && (() => refuse({ config, url, db }));
      const migrated = await prepareDatabase(db, { migrate, only, url, before }).catch(
        (error: unknown) => {
          // An error with a cause: the database did not answer. Without a cause: it answered, and is not migrated or
          // too old.
          if (options.allowPending && error instanceof DatabaseNotReadyError && !error.cause)
            return [];
          throw error;
        },
      );
      if (migrate && !config.redisUrl)
        await (await import('../../queue/backend.ts')).migrateQueue(url);
      return await work({ config, url, db, embedded, migrated });
    } finally {
      // A server that no longer answers would keep the connection from closing.
      await settlesWithin(closeWithinMs, db.destroy());
    }
  }, options);

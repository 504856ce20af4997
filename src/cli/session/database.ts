import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import { within } from '../../ground/within.ts';
import { note } from '../terminal/print.ts';

const closeWithinMs = 500;

export interface Session {
  config: Config;
  url: string;
  db: Db;
  /** the embedded database, and not one of your own */
  embedded: boolean;
  /** the migrations that `migrate` applied */
  migrated: string[];
}

export interface SessionOptions {
  /** make the embedded database if there is none: only `up`, `demo`, `round` and `db` do */
  create?: boolean;
  /** apply what is pending: `db migrate` anywhere, `up` and `round` by themselves only on the embedded one */
  migrate?: boolean | 'embedded';
  /** the database only has to answer, migrated or not: `db status` */
  allowPending?: boolean;
  /** connections at most; 10 unless told */
  connections?: number;
}

/** The database's address without its password. */
export function display(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}${port ? `:${port}` : ''}${pathname}`;
}

/**
 * Runs a command's work on the database that the configuration names, your own or the embedded one,
 * and says on standard error which one it is. The embedded server is shared with whatever else runs
 * and is stopped by whoever leaves last.
 */
export async function withDatabase<Result>(
  work: (session: Session) => Promise<Result>,
  options: SessionOptions = {},
): Promise<Result> {
  const { readConfig } = await import('../../config.ts');
  const config = readConfig();
  const embedded = config.databaseUrl
    ? null
    : await (
        await import('../../database/embedded/join-as-command.ts')
      ).joinAsCommand(config.home, { create: options.create ?? false, onWait: note });
  const url = config.databaseUrl ?? embedded!.url;
  const { connect } = await import('../../database/connect.ts');
  const db = connect(url, {
    name: 'roundsman cli',
    asService: true,
    ...(options.connections && { max: options.connections }),
  });
  try {
    note(`database: ${embedded ? `embedded PostgreSQL in ${config.home}` : display(url)}`);
    const { DatabaseNotReady, prepareDatabase } = await import('../../database/migrate/prepare.ts');
    const migrate = options.migrate === 'embedded' ? embedded !== null : (options.migrate ?? false);
    const migrated = await prepareDatabase(db, { migrate, url }).catch((error: unknown) => {
      // With a cause it did not answer; without one it did, and is not as it should be.
      if (options.allowPending && error instanceof DatabaseNotReady && !error.cause) return [];
      throw error;
    });
    if (migrate && !config.redisUrl)
      await (await import('../../queue/backend.ts')).migrateQueue(url);
    return await work({ config, url, db, embedded: embedded !== null, migrated });
  } finally {
    // A connection on which the server has fallen silent would be waited for without end.
    await within(closeWithinMs, db.destroy());
    await embedded?.leave();
  }
}

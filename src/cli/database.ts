import type { Config } from '../config.ts';
import type { Db } from '../data/connect.ts';
import { note } from './print.ts';

export interface Session {
  config: Config;
  url: string;
  db: Db;
}

export interface SessionOptions {
  /** make the embedded database if there is none: only `up`, `demo`, `round` and `db` do */
  create?: boolean;
  /** apply pending migrations: `up` on the embedded database, `db migrate` anywhere */
  migrate?: boolean;
}

/** The database's address without its password. */
function display(url: string): string {
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
  const { readConfig } = await import('../config.ts');
  const config = readConfig();
  const embedded = config.databaseUrl
    ? null
    : await (
        await import('../data/embedded/index.ts')
      ).joinEmbedded(config.home, {
        create: options.create ?? false,
      });
  const url = config.databaseUrl ?? embedded!.url;
  const { connect } = await import('../data/connect.ts');
  const db = connect(url, { name: 'roundsman cli' });
  try {
    note(`database: ${embedded ? `embedded PostgreSQL in ${config.home}` : display(url)}`);
    const { prepareDatabase } = await import('../data/prepare.ts');
    await prepareDatabase(db, { migrate: options.migrate ?? false });
    return await work({ config, url, db });
  } finally {
    await db.destroy();
    await embedded?.leave();
  }
}

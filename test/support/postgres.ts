/** One Postgres for a whole test run, with a migrated template that tests clone. */
import { join } from 'node:path';
import { Client } from 'pg';
import { connect } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';

export const template = 'roundsman_template';

export interface TestServer {
  url: string;
  stop(): Promise<void>;
}

/** Speed instead of safety; and no autovacuum that would look into a template being cloned. */
const settings = {
  full_page_writes: 'off',
  synchronous_commit: 'off',
  autovacuum: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
};

/** The same server, another database. */
export function inDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

/** Runs statements one by one, outside of a transaction. */
export async function administer(url: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

async function makeTemplate(url: string): Promise<void> {
  await administer(url, `DROP DATABASE IF EXISTS ${template}`, `CREATE DATABASE ${template}`);
  const db = connect(inDatabase(url, template));
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
  // Whoever is connected to a template keeps it from being cloned.
  await administer(url, `ALTER DATABASE ${template} ALLOW_CONNECTIONS false`);
}

/** TEST_DATABASE_URL (a superuser's, with nothing of value on the server), else one of our own. */
export async function startPostgres(directory: string): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL;
  const server = given
    ? { url: given, stop: async () => {} }
    : await startThrowaway(join(directory, 'postgres'), { fsync: false, settings });
  try {
    await makeTemplate(server.url);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Starts one PostgreSQL for a whole test run, with migrated templates that tests clone. */
import { join } from 'node:path';
import { Client } from 'pg';
import { connect } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { migrateQueue } from '../../src/queue/backend.ts';

export const template = 'roundsman_template';
/** A template that also has BullMQ's tables, which take 60 ms to make. */
export const templateWithQueue = 'roundsman_template_queue';

export interface TestServer {
  url: string;
  stop(): Promise<void>;
}

/** Settings for speed instead of safety. Autovacuum is off, because it would connect to a template that is being cloned. */
const settings = {
  full_page_writes: 'off',
  synchronous_commit: 'off',
  autovacuum: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
};

/** The address of another database on the same server. */
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

async function makeTemplates(url: string): Promise<void> {
  const both = [template, templateWithQueue];
  await administer(url, ...both.map((name) => `DROP DATABASE IF EXISTS ${name}`));
  await administer(url, `CREATE DATABASE ${template}`);
  const db = connect(inDatabase(url, template));
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
  await administer(url, `CREATE DATABASE ${templateWithQueue} TEMPLATE ${template}`);
  await migrateQueue(inDatabase(url, templateWithQueue));
  // A template cannot be cloned while a session is connected to it.
  await administer(url, ...both.map((name) => `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`));
}

/**
 * Uses the server of TEST_DATABASE_URL, or starts one. The login of TEST_DATABASE_URL has to be a superuser, and nothing on
 * that server may be of value.
 */
export async function startPostgres(directory: string): Promise<TestServer> {
  const given = process.env.TEST_DATABASE_URL;
  const server = given
    ? { url: given, stop: async () => {} }
    : await startThrowaway(join(directory, 'postgres'), { fsync: false, settings });
  try {
    await makeTemplates(server.url);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

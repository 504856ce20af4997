/** Databases for tests: clones of the migrated template, which are dropped when the test file is done. */
import { randomBytes } from 'node:crypto';
import { afterAll, inject } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { administer, inDatabase, template, templateWithQueue } from './postgres.ts';

export interface TestDatabase {
  db: ReturnType<typeof connect>;
  url: string;
  name: string;
}

const databases: TestDatabase[] = [];

/** Has the connections of a database ended, and the database dropped, when the test file is done. */
export function dropAfterwards(database: TestDatabase): TestDatabase {
  databases.push(database);
  return database;
}

// Measured: a clone takes 20 ms in memory and 60 on a disk, against 65 and 95 with wal_log. No session can be connected to
// a template, so several clones may be made at the same time.
const clone = (of: string): Promise<TestDatabase> =>
  makeDatabase(`TEMPLATE ${of} STRATEGY file_copy`);

export const testDatabase = (): Promise<TestDatabase> => clone(template);

/** A migrated database that also has BullMQ's tables, for an engine whose queue is on PostgreSQL. */
export const testDatabaseWithQueue = (): Promise<TestDatabase> => clone(templateWithQueue);

/** A database in which nothing has been migrated. */
export const emptyDatabase = (): Promise<TestDatabase> => makeDatabase('TEMPLATE template0');

async function makeDatabase(how: string): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(server, `CREATE DATABASE ${name} ${how}`);
  const url = inDatabase(server, name);
  return dropAfterwards({ db: connect(url), url, name });
}

afterAll(async () => {
  for (const { db, name } of databases) {
    await db.destroy();
    await administer(inject('postgresUrl'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }
});

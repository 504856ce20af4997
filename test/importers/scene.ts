/** Shared by the tests of importing: a database, connections as those of the command, and a directory for logs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeEach } from 'vitest';
import { pool } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';

/** Each test begins with empty tables of logs and no record of imports. */
export async function importScene() {
  const database = await testDatabase();
  const connections = pool(database.url, { statementTimeoutMs: 0 });
  const scratch = mkdtempSync(join(tmpdir(), 'roundsman-import-'));
  afterAll(async () => {
    await connections.end();
    rmSync(scratch, { recursive: true });
  });
  beforeEach(async () => {
    await sql`TRUNCATE api_logs, error_logs, engine.imports`.execute(database.db);
  });
  return { database, connections, scratch };
}

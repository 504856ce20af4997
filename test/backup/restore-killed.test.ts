/** A process that restores is killed at each step: nothing of it is in the database, and the same command restores all of it afterwards. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { connectAlone } from '../../src/database/connect.ts';
import { roundsman } from '../cli/command.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { backupFolder, plantOddities, take } from './scene.ts';
import { tableBytes } from './all-tables.ts';

const command = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));
const lock = 7_260_002;

const waits = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${lock} AND NOT granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

const count = async ({ db }: TestDatabase, text: string): Promise<number> =>
  (await sql.raw(text).execute(db)).rows.length;

/** Tables, types, functions, roles and large objects: what a restore makes. */
const contents = `
  SELECT FROM pg_class WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace, 'information_schema'::regnamespace)
  UNION ALL SELECT FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT FROM pg_namespace WHERE nspname IN ('engine', 'odd', 'private')
  UNION ALL SELECT FROM pg_largeobject_metadata`;

/** Each step is a statement of another part of the archive: the schema, rows, large objects, indexes, views. */
const steps = {
  'the schemas': `CREATE EVENT TRIGGER step ON ddl_command_start WHEN TAG IN ('CREATE SCHEMA') EXECUTE FUNCTION witness.wait()`,
  'the tables': `CREATE EVENT TRIGGER step ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION witness.wait()`,
  'all rows and large objects': `CREATE EVENT TRIGGER step ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION witness.wait()`,
  'the constraints': `CREATE EVENT TRIGGER step ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER') EXECUTE FUNCTION witness.wait()`,
  'the views': `CREATE EVENT TRIGGER step ON ddl_command_end WHEN TAG IN ('REFRESH MATERIALIZED VIEW') EXECUTE FUNCTION witness.wait()`,
};

test('killed at each step, and begun again', async () => {
  const source = await testDatabase();
  await plantOddities(source);
  const { file } = await take(source, backupFolder());
  const target = await emptyDatabase();
  const { url } = target;
  await administer(
    url,
    'CREATE SCHEMA witness',
    `CREATE FUNCTION witness.wait() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(${lock}); END $$`,
  );
  const before = await count(target, contents);
  for (const [step, trigger] of Object.entries(steps)) {
    await administer(url, trigger);
    const holder = await connectAlone(url, { name: 'roundsman test' });
    await holder.query('SELECT pg_advisory_lock($1)', [lock]);
    const child = spawn(process.execPath, [command, 'db', 'restore', file!], {
      env: { ...process.env, DATABASE_URL: url },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    await expect.poll(() => count(target, waits), { timeout: 120_000, message: step }).toBe(1);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    // The server notices by itself that the process is gone, also while it waits.
    await expect.poll(() => count(target, waits), { timeout: 30_000, message: step }).toBe(0);
    await holder.end();
    await administer(url, 'DROP EVENT TRIGGER step');
    expect(await count(target, contents), step).toBe(before);
  }
  await administer(url, 'DROP SCHEMA witness CASCADE');
  const again = await roundsman(url, 'db', 'restore', file!);
  expect(again).toMatchObject({ code: 0, out: expect.stringContaining('The mode is off') });
  expect(await tableBytes(url)).toEqual(await tableBytes(source.url));
  const filled = await roundsman(url, 'db', 'restore', file!);
  expect(filled.code).toBe(1);
  expect(filled.err).toContain('the database is not empty');
}, 900_000);

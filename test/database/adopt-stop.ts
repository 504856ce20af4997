/** Stops a migration at a chosen statement, without a switch in its code: an event trigger counts the statements. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { sql, type Kysely } from 'kysely';
import { connect } from '../../src/database/connect.ts';

const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** `roundsman db migrate --json` as a process of its own. */
export function migrating(url: string) {
  const child = spawn(process.execPath, [bin, 'db', 'migrate', '--json'], {
    env: { PATH: process.env.PATH, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  );
  return { ended, kill: () => child.kill('SIGKILL') };
}

const lock = 7_108;

/** Counts each statement that changes the schema, also if it is rolled back. */
export const countStatements = (db: Kysely<any>) =>
  sql
    .raw(`
    CREATE SCHEMA stops;
    CREATE SEQUENCE stops.count;
    CREATE FUNCTION stops.stop() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('stops.count') = current_setting('stops.at', true)::bigint THEN
        PERFORM pg_advisory_xact_lock(${lock});
      END IF;
    END $$;
    CREATE EVENT TRIGGER stop ON ddl_command_end EXECUTE FUNCTION stops.stop()`)
    .execute(db);

/** How many statements were counted. */
export async function counted(db: Kysely<any>): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT last_value::int AS count FROM stops.count`.execute(db);
  return rows[0]!.count;
}

/** Runs `work` while each migration that starts now waits after statement `at`; then those that still run go on. */
export async function stoppingAt(
  { db, url, name }: { db: Kysely<any>; url: string; name: string },
  at: number,
  work: () => Promise<void>,
): Promise<void> {
  await sql.raw(`SELECT setval('stops.count', 1, false)`).execute(db);
  await sql.raw(`ALTER DATABASE ${name} SET stops.at = '${at}'`).execute(db);
  const holder = connect(url, { max: 1 });
  try {
    await sql.raw(`SELECT pg_advisory_lock(${lock})`).execute(holder);
    await work();
  } finally {
    await holder.destroy();
    await sql.raw(`ALTER DATABASE ${name} RESET stops.at`).execute(db);
  }
}

/** Whether a migration waits there. */
export async function isStopped(db: Kysely<any>): Promise<boolean> {
  const { rows } = await sql`SELECT FROM pg_locks
    WHERE locktype = 'advisory' AND NOT granted AND objid = ${lock}::bigint::oid
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`.execute(db);
  return rows.length > 0;
}

/** The sessions of command lines that the server has not ended yet. */
export async function sessions(db: Kysely<any>): Promise<number> {
  const { rows } = await sql<{ count: number }>`SELECT count(*)::int FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'roundsman cli'`.execute(db);
  return rows[0]!.count;
}

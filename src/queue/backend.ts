/**
 * Which of BullMQ's backends moves the runs of this database, and the rule that every process uses the same backend.
 */
import { sql } from 'kysely';
import type { Config } from '../config.ts';
import { pool, type Db } from '../database/connect.ts';
import { nodeTimeoutSeconds } from '../database/node-timeout.ts';
import { RoundsmanError } from '../ground/errors.ts';
import { redisDatabaseIn } from '../ground/addresses/redis-database.ts';

export type BackendName = 'redis' | 'postgres';

/** The schema of BullMQ's tables on its PostgreSQL backend. */
export const queueSchema = 'bullmq';

/** The backend of this configuration: Redis when there is a REDIS_URL, PostgreSQL otherwise. */
export const configuredBackend = ({ redisUrl }: Pick<Config, 'redisUrl'>): BackendName =>
  redisUrl ? 'redis' : 'postgres';

/** The address of the queue in this configuration, without user and password. */
export function queueAddress({ redisUrl }: Pick<Config, 'redisUrl'>): string {
  if (!redisUrl) return 'postgres';
  return `redis ${new URL(redisUrl).host}/${redisDatabaseIn(redisUrl) ?? 0}`;
}

/** This process would use another backend of BullMQ than the processes beside it. */
export class OtherBackendError extends RoundsmanError {
  constructor(recorded: BackendName, configured: BackendName) {
    super({
      what: `this process will not start with BullMQ on ${configured}`,
      why: `the database records that runs are queued on ${recorded} (${
        configured === 'redis' ? 'REDIS_URL is set' : 'REDIS_URL is not set'
      })`,
      hint: `${recorded === 'redis' ? 'set REDIS_URL' : 'unset REDIS_URL'}, or stop all other processes and run \`npx roundsman db queue ${configured}\``,
    });
  }
}

/** The recorded backend; null before the first process started. */
export async function recordedBackend(db: Db): Promise<BackendName | null> {
  const row = await selectBackend(db).executeTakeFirst();
  return row ? (row.value as BackendName) : null;
}

const selectBackend = (db: Db) =>
  db.selectFrom('engine.settings').select('value').where('key', '=', 'queue_backend');

/**
 * Refuses a backend other than the recorded one, before any connection to the queue is opened. A database that is not
 * migrated has none recorded.
 */
export async function refuseOtherBackend(db: Db, configured: BackendName): Promise<void> {
  const { rows } = await sql<{ there: boolean }>`
    SELECT to_regclass('engine.settings') IS NOT NULL AS there`.execute(db);
  const recorded = rows[0]!.there ? await recordedBackend(db) : null;
  if (recorded !== null && recorded !== configured)
    throw new OtherBackendError(recorded, configured);
}

/**
 * Records the backend if none is recorded; refuses a different one. Call it after the first heartbeat: then it waits for
 * a switch that is under way, and a later switch sees that this process is alive.
 */
export async function agreeOnBackend(db: Db, configured: BackendName): Promise<void> {
  await db
    .insertInto('engine.settings')
    .values({ key: 'queue_backend', value: JSON.stringify(configured) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { value } = await selectBackend(db).forShare().executeTakeFirstOrThrow();
  if (value !== configured) throw new OtherBackendError(value as BackendName, configured);
}

/** Throws an error that names the processes that are alive: the queue cannot be switched under them. */
export async function refuseWhileAlive(db: Db): Promise<void> {
  const alive = await db
    .selectFrom('engine.nodes')
    .select(['role', 'host', 'pid'])
    .where(
      'heartbeat_at',
      '>',
      sql<Date>`engine.now() - make_interval(secs => ${nodeTimeoutSeconds})`,
    )
    .execute();
  if (alive.length === 0) return;
  throw new RoundsmanError({
    what: 'the queue cannot be switched now',
    why: `still alive: ${alive.map(({ role, host, pid }) => `${role} ${pid} on ${host}`).join(', ')}`,
    hint: `stop them and run it again; a process that was killed counts for ${nodeTimeoutSeconds} seconds`,
  });
}

/**
 * Switches the backend while no process is alive. Nothing is lost: rows are the truth, and rescue queues the runs that
 * waited on the old backend on the new one.
 */
export async function switchBackend(db: Db, to: BackendName): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await selectBackend(trx).forUpdate().execute();
    await refuseWhileAlive(trx);
    await trx
      .insertInto('engine.settings')
      .values({ key: 'queue_backend', value: JSON.stringify(to) })
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet({
          value: JSON.stringify(to),
          changed_at: sql<Date>`engine.now()`,
        }),
      )
      .execute();
  });
}

/**
 * Grants service_role the rights on BullMQ's tables: the sessions of a worker may work as service_role (see
 * src/database/session.ts). When two sessions grant the same rights at once, one fails with "tuple concurrently
 * updated", so each session waits for the previous one.
 */
const grantToService = `
  DO $$
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('roundsman: rights on ${queueSchema}', 0));
    IF to_regrole('service_role') IS NOT NULL THEN
      GRANT USAGE, CREATE ON SCHEMA ${queueSchema} TO service_role;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${queueSchema} TO service_role;
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${queueSchema} TO service_role;
    END IF;
  END
  $$`;

/**
 * Gives each of BullMQ's functions a search_path. BullMQ does so for most of them, but not for all, and a caller could
 * make a function without one find other tables and types. This runs after each installation, because a function that
 * the installation replaces loses its path. When two sessions alter the same function at once, one fails with "tuple
 * concurrently updated", so each session waits for the previous one.
 */
const pinPaths = `
  DO $$
  DECLARE
    f regprocedure;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('roundsman: rights on ${queueSchema}', 0));
    FOR f IN SELECT p.oid FROM pg_proc p
             WHERE p.pronamespace = '${queueSchema}'::regnamespace AND p.prokind = 'f' AND pg_has_role(p.proowner, 'USAGE')
               AND NOT EXISTS (SELECT FROM unnest(p.proconfig) s WHERE s LIKE 'search\\_path=%') LOOP
      EXECUTE format('ALTER FUNCTION %s SET search_path = ${queueSchema}, pg_temp', f);
    END LOOP;
  END
  $$`;

/** Creates BullMQ's tables in schema `bullmq`. Concurrent callers wait for each other. */
export async function migrateQueue(databaseUrl: string): Promise<void> {
  const { runMigrations } = await import('bullmq');
  const connections = pool(databaseUrl, { max: 1, name: 'roundsman migrate' });
  const client = await connections.connect();
  try {
    await runMigrations(client as never, queueSchema);
    await client.query(grantToService);
    await client.query(pinPaths);
  } finally {
    client.release();
    await connections.end();
  }
}

/**
 * A namespace that belongs to this database alone, so that two installations on one Redis do not take each other's
 * runs. It is made of the server's identity and the database's number in it.
 */
export async function queuePrefix(db: Db): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    SELECT s.system_identifier || '-' || d.oid AS name
    FROM pg_control_system() s, pg_database d WHERE d.datname = current_database()`.execute(db);
  return `roundsman-${rows[0]!.name}`;
}

/** What the soak runs in: a PostgreSQL of its own with a clock that stands still until it is set, and one process's engine. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import type { Job } from '../../src/contract/job.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { soakCatalogue, type Schedules } from './bots.ts';
import { openEngine, type SimulatedEngine } from './engine.ts';

/**
 * Without fsync, because a soak is about rows and not about crashes. Autovacuum looks each second, because a simulated day takes
 * seconds: it comes less often than each minute of simulated time all the same.
 */
const settings = {
  synchronous_commit: 'off',
  autovacuum_naptime: '1s',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
};

async function simulateTime(db: Db, start: Date): Promise<void> {
  await sql`CREATE SCHEMA sim`.execute(db);
  await sql`GRANT USAGE ON SCHEMA sim TO PUBLIC`.execute(db);
  await sql`CREATE TABLE sim.clock AS SELECT ${start}::timestamptz AS time`.execute(db);
  await sql`ALTER TABLE sim.clock SET (fillfactor = 10)`.execute(db);
  await sql`GRANT SELECT ON sim.clock TO PUBLIC`.execute(db);
  await sql`
    CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql STABLE
    RETURN (SELECT time FROM sim.clock)`.execute(db);
  await simulateDefaults(db);
}

/** Defaults that take the server's time would be years away from the simulated one. */
export async function simulateDefaults(db: Db): Promise<void> {
  await sql`
    DO $$ DECLARE c record; BEGIN
      FOR c IN SELECT a.attrelid::regclass AS rel, a.attname AS name FROM pg_attrdef d
               JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
               JOIN pg_class r ON r.oid = a.attrelid AND r.relnamespace IN ('public'::regnamespace, 'engine'::regnamespace)
               WHERE pg_get_expr(d.adbin, d.adrelid) IN ('now()', 'CURRENT_TIMESTAMP')
      LOOP EXECUTE format('ALTER TABLE %s ALTER %I SET DEFAULT engine.now()', c.rel, c.name); END LOOP;
    END $$`.execute(db);
}

export interface World extends SimulatedEngine {
  serverPid: number;
}

export async function openWorld(
  kind: Schedules,
  start: Date,
  jobs: readonly Job[],
): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'roundsman-soak-'));
  // PostgreSQL may run as another account, which has to pass through.
  await chmod(directory, 0o755);
  const server = await startThrowaway(join(directory, 'postgres'), { fsync: false, settings });
  const db = connect(server.url, { name: 'soak', statementTimeoutMs: 0 });
  await migrateToLatest(db);
  await simulateTime(db, start);
  await db.destroy();
  const { bots, remedies } = soakCatalogue(kind);
  const engine = await openEngine(server.url, { catalogue: catalogueOf(bots, remedies), jobs });
  return {
    ...engine,
    serverPid: server.pid,
    async close() {
      await engine.close();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What the soak runs in: a PostgreSQL of its own with a clock that stands still until it is set, and one process's engine. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import pg from 'pg';
import { pino } from 'pino';
import { catalogueOf, type Catalogue } from '../../src/catalogue/catalogue.ts';
import type { Job } from '../../src/contract/job.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { eventsTo } from '../../src/events/log-events.ts';
import type { Entry, JobEntry, RunEntry, RunQueue } from '../../src/queue/run-queue.ts';
import type { Engine } from '../../src/run/engine.ts';
import type { JobEngine } from '../../src/run/jobs/job-engine.ts';
import { keepJobLeases } from '../../src/run/jobs/job-leases.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { engineOf } from '../support/engine-of.ts';
import { inProcess } from '../support/in-process.ts';
import { soakCatalogue, type Schedules } from './bots.ts';
import { EndTogether } from './together.ts';

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

export interface World {
  db: Db;
  /** one connection, so that what it costs can be read on it */
  reader: Db;
  catalogue: Catalogue;
  engine: Engine;
  together: EndTogether;
  jobEngine: JobEngine;
  /** Entries that were queued and have not been taken, each with the simulated time from which on it may be taken. */
  queue: SimulatedQueue;
  setTime(now: Date): Promise<void>;
  serverPid: number;
  close(): Promise<void>;
}

/**
 * The queue of a soak: entries are hints to rows, and only the rows count here. What BullMQ itself keeps is measured by
 * test/soak/queue.ts.
 */
export class SimulatedQueue {
  #entries: { entry: Entry; at: number }[] = [];
  now = 0;

  add(entries: Entry[]): void {
    for (const entry of entries) this.#entries.push({ entry, at: this.now + (entry.delayMs ?? 0) });
  }

  hasDueRun(): boolean {
    return this.#entries.some(({ entry, at }) => entry.kind !== 'job' && at <= this.now);
  }

  /** Takes the runs of bots that may be taken by now. */
  takeRuns(): RunEntry[] {
    return this.#take((entry): entry is RunEntry => entry.kind !== 'job');
  }

  /** Takes the runs of jobs that may be taken by now. */
  takeJobs(): JobEntry[] {
    return this.#take((entry): entry is JobEntry => entry.kind === 'job');
  }

  #take<Kind extends Entry>(isKind: (entry: Entry) => entry is Kind): Kind[] {
    const isTaken = ({ entry, at }: { entry: Entry; at: number }) =>
      at <= this.now && isKind(entry);
    const taken = this.#entries.filter(isTaken);
    this.#entries = this.#entries.filter((each) => !isTaken(each));
    return taken.map(({ entry }) => entry as Kind);
  }
}

/** Defaults that take the server's time would be years away from the simulated one. */
async function simulateTime(db: Db, start: Date): Promise<void> {
  await sql`CREATE SCHEMA sim`.execute(db);
  await sql`GRANT USAGE ON SCHEMA sim TO PUBLIC`.execute(db);
  await sql`CREATE TABLE sim.clock AS SELECT ${start}::timestamptz AS time`.execute(db);
  await sql`ALTER TABLE sim.clock SET (fillfactor = 10)`.execute(db);
  await sql`GRANT SELECT ON sim.clock TO PUBLIC`.execute(db);
  await sql`
    CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql STABLE
    RETURN (SELECT time FROM sim.clock)`.execute(db);
  await sql`
    DO $$ DECLARE c record; BEGIN
      FOR c IN SELECT a.attrelid::regclass AS rel, a.attname AS name FROM pg_attrdef d
               JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
               JOIN pg_class r ON r.oid = a.attrelid AND r.relnamespace IN ('public'::regnamespace, 'engine'::regnamespace)
               WHERE pg_get_expr(d.adbin, d.adrelid) IN ('now()', 'CURRENT_TIMESTAMP')
      LOOP EXECUTE format('ALTER TABLE %s ALTER %I SET DEFAULT engine.now()', c.rel, c.name); END LOOP;
    END $$`.execute(db);
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
  const db = connect(server.url, { name: 'soak', max: 8, statementTimeoutMs: 0 });
  await migrateToLatest(db);
  await simulateTime(db, start);
  const clock = new pg.Client({ connectionString: server.url });
  await clock.connect();

  const { bots, remedies } = soakCatalogue(kind);
  const catalogue = catalogueOf(bots, remedies);
  await registerCatalogue(db, catalogue);
  await registerJobs(db, jobs);
  await sql`
    INSERT INTO engine.settings (key, value)
    VALUES ('notifications', ${JSON.stringify({ channels: { log: { kind: 'log' } }, routes: [{ to: ['log'] }] })}::jsonb)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);

  const queue = new SimulatedQueue();
  const runQueue = {
    backend: 'postgres',
    warnings: [],
    add: async (entries: Entry[]) => queue.add(entries),
  };
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' });
  const { emit } = eventsTo(log);
  const worker = `soak-${randomBytes(3).toString('hex')}`;
  const checks = connect(server.url, { name: 'checks', max: 2, readOnly: true });
  const children = inProcess({ catalogue, db, reader: checks });
  const parts = { worker, db, children, catalogue, emit, queue: runQueue as unknown as RunQueue };
  const whole = engineOf(parts, server.url);
  const together = new EndTogether(whole.writer);
  const engine = { ...whole, writer: together.writer };
  const leases = keepJobLeases(db, emit);
  const jobEngine = { ...engine, databaseUrl: server.url, jobs, leases, log };
  const reader = connect(server.url, { name: 'readings', max: 1, statementTimeoutMs: 0 });

  return {
    db,
    reader,
    catalogue,
    engine,
    together,
    jobEngine,
    queue,
    serverPid: server.pid,
    async setTime(now) {
      queue.now = +now;
      await clock.query({ name: 'set', text: 'UPDATE sim.clock SET time = $1', values: [now] });
    },
    async close() {
      leases.stop();
      engine.leases.stop();
      await engine.writer.close();
      await children.close();
      await reader.destroy();
      await clock.end();
      await db.destroy();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

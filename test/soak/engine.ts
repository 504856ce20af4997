/** One process's engine in simulated time: its clock stands still until it is set. What it does with a run or a job is its own code. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import pg from 'pg';
import { pino } from 'pino';
import type { Catalogue } from '../../src/catalogue/catalogue.ts';
import type { Job } from '../../src/contract/job.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { eventsTo } from '../../src/events/log-events.ts';
import type { Entry, JobEntry, RunEntry, RunQueue } from '../../src/queue/run-queue.ts';
import type { Engine } from '../../src/run/engine.ts';
import type { JobEngine } from '../../src/run/jobs/job-engine.ts';
import { keepJobLeases } from '../../src/run/jobs/job-leases.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { engineOf } from '../support/engine-of.ts';
import { inProcess } from '../support/in-process.ts';
import { EndTogether } from './together.ts';

export interface SimulatedEngine {
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

/**
 * Registers the catalogue and the jobs in a database whose time is in `sim.clock`, and opens the engine on it. Messages go to the channel
 * `log`.
 */
export async function openEngine(
  url: string,
  { catalogue, jobs }: { catalogue: Catalogue; jobs: readonly Job[] },
): Promise<SimulatedEngine> {
  const db = connect(url, { name: 'soak', max: 8, statementTimeoutMs: 0 });
  const clock = new pg.Client({ connectionString: url });
  await clock.connect();
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
  const checks = connect(url, { name: 'checks', max: 2, readOnly: true });
  const children = inProcess({ catalogue, db, reader: checks });
  const parts = { worker, db, children, catalogue, emit, queue: runQueue as unknown as RunQueue };
  const whole = engineOf(parts, url);
  const together = new EndTogether(whole.writer);
  const engine = { ...whole, writer: together.writer };
  const leases = keepJobLeases(db, emit);
  const jobEngine = { ...engine, databaseUrl: url, jobs, leases, log };
  const reader = connect(url, { name: 'readings', max: 1, statementTimeoutMs: 0 });

  return {
    db,
    reader,
    catalogue,
    engine,
    together,
    jobEngine,
    queue,
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
    },
  };
}

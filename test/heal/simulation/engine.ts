/** The real engine's pieces in one process, on a database of their own whose clock is set by hand. */
import { sql } from 'kysely';
import { pino } from 'pino';
import type { Catalogue } from '../../../src/catalogue/catalogue.ts';
import { connect, type Db } from '../../../src/database/connect.ts';
import { migrateQueue } from '../../../src/queue/backend.ts';
import { openQueue, type RunEntry } from '../../../src/queue/run-queue.ts';
import { settle } from '../../../src/maintain/settle.ts';
import { performRun } from '../../../src/run/perform.ts';
import { registerCatalogue } from '../../../src/schedule/register.ts';
import { inProcess } from '../../support/in-process.ts';
import { eventsTo } from '../../../src/events/log-events.ts';
import { engineOf } from '../../support/engine-of.ts';

/** When the simulated time begins; all other times are minutes after it. */
const epoch = Date.UTC(2030, 0, 1);

export const minuteOf = (time: Date): number => Math.round((time.getTime() - epoch) / 60_000);

export const timeOf = (minute: number): Date => new Date(epoch + minute * 60_000);

/** Replaces engine.now() in this database; the clock stands still between two calls. */
export async function clockOf(db: Db): Promise<(minute: number) => Promise<void>> {
  await sql`CREATE TABLE engine.clock AS SELECT ${timeOf(0)}::timestamptz AS time`.execute(db);
  await sql`GRANT SELECT ON engine.clock TO PUBLIC`.execute(db);
  await sql`CREATE OR REPLACE FUNCTION engine.now() RETURNS timestamptz LANGUAGE sql STABLE
            RETURN (SELECT time FROM engine.clock)`.execute(db);
  return async (minute) => {
    await sql`UPDATE engine.clock SET time = ${timeOf(minute)}::timestamptz`.execute(db);
  };
}

export interface SimulatedEngine {
  /** One run of each of these bots, and of all that the engine itself has queued and that is due. */
  round(bots: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

export async function openEngine(
  databaseUrl: string,
  catalogue: Catalogue,
): Promise<SimulatedEngine> {
  const { emit } = eventsTo(pino({ level: process.env.TEST_LOG ?? 'silent' }));
  const db = connect(databaseUrl, { name: 'engine', max: 8 });
  const reader = connect(databaseUrl, { name: 'checks', max: 4, readOnly: true });
  const worker = 'simulation';
  await migrateQueue(databaseUrl);
  await registerCatalogue(db, catalogue);
  // What is drawn by hash goes by fingerprints, and these by bots' ids: the same in every simulation.
  await sql`UPDATE bots SET id = md5(name)::uuid`.execute(db);
  // Reversible cures may act alone in this mode only. All other settings are as they are delivered.
  await sql`UPDATE engine.settings SET value = '"auto"' WHERE key = 'mode'`.execute(db);
  const queue = await openQueue(db, { redisUrl: '', databaseUrl }, () => {});
  const children = inProcess({ catalogue, db, reader });
  const engine = engineOf({ worker, db, children, catalogue, queue, emit }, databaseUrl);
  const performAll = (entries: RunEntry[]) =>
    Promise.all(entries.map((entry) => performRun(engine, entry)));
  return {
    async round(bots) {
      const { rows: due } = await sql<RunEntry>`
        SELECT id, generation FROM bot_executions
        WHERE status = 'queued' AND coalesce(run_after <= engine.now(), true)`.execute(db);
      await performAll(due);
      const { rows } = await sql<RunEntry>`
        INSERT INTO bot_executions (bot_id, status, trigger, scheduled_for, generation, max_attempts, started_at, queued_at)
        SELECT id, 'queued', 'schedule', engine.now(), 1, 1, engine.now(), engine.now() FROM bots
        WHERE name = ANY (${bots as string[]}::text[]) RETURNING id, generation`.execute(db);
      await performAll(rows);
      await settle(db, catalogue);
      return due.length + rows.length;
    },
    async close() {
      engine.leases.stop();
      await queue.close();
      await engine.writer.close();
      await children.close();
      await db.destroy();
    },
  };
}

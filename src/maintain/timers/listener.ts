/** A process that listens for what other systems send says that it is alive, as schedulers and workers do (../heartbeat.ts). */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { Emit } from '../../events/events.ts';
import { fitting } from '../../ground/text.ts';
import { repeat } from './timer.ts';

export interface AnnouncedListener {
  role: 'up' | 'web';
  /** where it listens, as `host:port` */
  address: string;
  /** why it does not listen there; null while it does */
  problem: string | null;
}

/** `host:port`, as an address has it. */
export const addressOf = ({ host, port }: { host: string; port: number }): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

const beatEveryMs = 5_000;

/** Writes the row of this listener, and removes those that have been silent for a day. */
async function beat(db: Db, id: string, { role, address, problem }: AnnouncedListener) {
  const why = problem === null ? null : fitting(problem, 500);
  await sql`
    INSERT INTO engine.listeners AS l (id, role, host, pid, address, problem)
    VALUES (${id}, ${role}, ${hostname()}, ${process.pid}, ${address}, ${why})
    ON CONFLICT (id) DO UPDATE
    SET heartbeat_at = engine.now(), address = excluded.address, problem = excluded.problem`.execute(
    db,
  );
  // Locks engine.listeners by id; rows that other transactions have locked are skipped.
  await sql`
    DELETE FROM engine.listeners WHERE id IN (
      SELECT l.id FROM engine.listeners l WHERE l.heartbeat_at < engine.now() - interval '1 day'
      ORDER BY l.id FOR UPDATE SKIP LOCKED)`.execute(db);
}

/**
 * Says again and again, from now on, that the listener is alive, or why it does not listen; `state` is asked each time. The returned
 * function stops it, and removes the row; it rejects where the database does not answer.
 */
export function announceListener(
  db: Db,
  state: () => AnnouncedListener,
  emit: Emit,
): () => Promise<void> {
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const run = () => beat(db, id, state());
  const stop = repeat({ name: 'listener', everyMs: beatEveryMs, atOnce: true, run }, emit);
  return async () => {
    await stop();
    await sql`DELETE FROM engine.listeners WHERE id = ${id}`.execute(db);
  };
}

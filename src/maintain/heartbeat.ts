import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { measureSkew, type Skew } from './clock.ts';

export interface Node {
  id: string;
  role: 'up' | 'scheduler' | 'worker';
  /** the queue that it uses (queueAddress) */
  queue?: string;
  /** how many runs it executes at once; absent when it only schedules */
  places?: number;
}

/**
 * Records that this process is alive, and how far its clock is from the database's. Removes rows of processes that died
 * long ago.
 */
export async function heartbeat(db: Db, { id, role, queue, places }: Node): Promise<Skew> {
  const skew = await measureSkew(db);
  // The column is an int: a skew of more than a month is stored as a month.
  const stored = Math.max(-(2 ** 31) + 1, Math.min(2 ** 31 - 1, skew.skewMs));
  await sql`
    INSERT INTO engine.nodes AS n (id, role, host, pid, started_at, heartbeat_at, skew_ms, queue, places)
    VALUES (${id}, ${role}, ${hostname()}, ${process.pid}, engine.now(), engine.now(), ${stored},
            ${queue ?? null}, ${places ?? null})
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, skew_ms = excluded.skew_ms`.execute(
    db,
  );
  // Locks engine.nodes by id; rows that others hold are skipped.
  await sql`
    DELETE FROM engine.nodes WHERE id IN (
      SELECT n.id FROM engine.nodes n WHERE n.heartbeat_at < engine.now() - interval '1 day'
      ORDER BY n.id FOR UPDATE SKIP LOCKED)`.execute(db);
  return skew;
}

/** Removes the node when its process ends in order. */
export const leave = (db: Db, { id }: Node) =>
  db.deleteFrom('engine.nodes').where('id', '=', id).execute();

import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { measureSkew, type Skew } from './clock.ts';

export interface Node {
  id: string;
  role: 'up' | 'scheduler' | 'worker';
  /** where it queues runs and takes them from (queueAddress) */
  queue?: string;
  /** runs that it carries at once; none where it only schedules */
  places?: number;
}

/**
 * Says that this process is alive, and how far its clock is from the database's. Rows of processes that
 * died long ago are removed.
 */
export async function heartbeat(db: Db, { id, role, queue, places }: Node): Promise<Skew> {
  const skew = await measureSkew(db);
  // The column is an int: a clock that is a month off is off.
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

/** Takes the node off the list when its process ends in order. */
export const leave = (db: Db, { id }: Node) =>
  db.deleteFrom('engine.nodes').where('id', '=', id).execute();

import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { Db } from '../data/connect.ts';

export interface Node {
  id: string;
  role: 'up' | 'scheduler' | 'worker';
}

/**
 * Says that this process is alive, and how far its clock is from the database's: positive when this
 * host is ahead, half of the round trip is taken off. Rows of processes that died long ago are removed.
 */
export async function heartbeat(db: Db, { id, role }: Node): Promise<{ skewMs: number }> {
  const asked = Date.now();
  const { rows } = await sql<{ now: Date }>`SELECT clock_timestamp() AS now`.execute(db);
  const skewMs = Math.round((asked + Date.now()) / 2 - rows[0]!.now.getTime());
  await sql`
    INSERT INTO engine.nodes AS n (id, role, host, pid, started_at, heartbeat_at, skew_ms)
    VALUES (${id}, ${role}, ${hostname()}, ${process.pid}, engine.now(), engine.now(), ${skewMs})
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, skew_ms = excluded.skew_ms`.execute(
    db,
  );
  await sql`DELETE FROM engine.nodes WHERE heartbeat_at < engine.now() - interval '1 day'`.execute(
    db,
  );
  return { skewMs };
}

/** Takes the node off the list when its process ends in order. */
export const leave = (db: Db, { id }: Node) =>
  db.deleteFrom('engine.nodes').where('id', '=', id).execute();

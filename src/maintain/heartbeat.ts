import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';
import { measureSkew, type Skew } from './clock.ts';

export interface Node {
  id: string;
  role: 'up' | 'scheduler' | 'worker';
  /** the queue that it uses (`queueAddress`) */
  queue?: string;
  /** how many runs it executes at once; absent when it only schedules */
  places?: number;
  /** the names of the catalogue's bots that it knows; absent for one that does not say */
  bots?: readonly string[];
  /** the names of its remedies */
  remedies?: readonly string[];
  /** what of its project was left out */
  refused?: readonly { place: string; why: string; hint: string }[];
}

/**
 * Records that this process is alive, and how far its clock is from the database's. Removes rows of processes that have been
 * silent for a day.
 */
export async function heartbeat(
  db: Db,
  { id, role, queue, places, bots, remedies, refused }: Node,
): Promise<Skew> {
  const skew = await measureSkew(db);
  // The column is an int: a skew of more than a month is stored as a month.
  const stored = Math.max(-(2 ** 31) + 1, Math.min(2 ** 31 - 1, skew.skewMs));
  await sql`
    INSERT INTO engine.nodes AS n (id, role, host, pid, started_at, heartbeat_at, skew_ms, queue, places, bots, remedies, refused)
    VALUES (${id}, ${role}, ${hostname()}, ${process.pid}, engine.now(), engine.now(), ${stored},
            ${queue ?? null}, ${places ?? null}, ${bots ?? null}::text[], ${remedies ?? null}::text[], ${refused ? JSON.stringify(refused) : null}::jsonb)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, skew_ms = excluded.skew_ms`.execute(
    db,
  );
  // Locks engine.nodes by id; rows that other transactions have locked are skipped.
  await sql`
    DELETE FROM engine.nodes WHERE id IN (
      SELECT n.id FROM engine.nodes n WHERE n.heartbeat_at < engine.now() - interval '1 day'
      ORDER BY n.id FOR UPDATE SKIP LOCKED)`.execute(db);
  return skew;
}

/**
 * Removes the node when its process stops, and notes in the setting `last_stop` when a scheduler and when a worker stopped last:
 * `status` names that time while none is alive. One statement; it locks a row of engine.nodes, then one of engine.settings.
 */
export const removeNode = (db: Db, { id }: Node) =>
  sql`
    WITH gone AS (DELETE FROM engine.nodes WHERE id = ${id} RETURNING role)
    INSERT INTO engine.settings AS s (key, value, changed_at)
    SELECT 'last_stop', jsonb_strip_nulls(jsonb_build_object(
             'scheduler', CASE WHEN role <> 'worker' THEN engine.now() END,
             'worker', CASE WHEN role <> 'scheduler' THEN engine.now() END)), engine.now()
    FROM gone
    ON CONFLICT (key) DO UPDATE SET value = s.value || excluded.value, changed_at = excluded.changed_at`.execute(
    db,
  );

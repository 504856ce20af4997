import { sql } from 'kysely';
import type { SimulatedEngine } from './engine.ts';

/** The worker of the simulation is alive in this minute, with ten places: checks ask whether runs have room. */
export const beat = ({ db, engine }: SimulatedEngine) =>
  sql`
    INSERT INTO engine.nodes (id, role, host, pid, places, skew_ms, started_at, heartbeat_at)
    VALUES (${engine.worker}, 'up', 'soak', 1, 10, 0, engine.now(), engine.now())
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at`.execute(db);

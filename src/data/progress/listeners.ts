/** `engine.listeners`: which processes listen for what other systems send, and whether anything has to be listened for. */
import { sql, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { nodeTimeoutSeconds } from '../../database/node-timeout.ts';
import type { EngineListeners } from '../../database/tables.ts';

export interface Listener extends Selectable<EngineListeners> {
  alive: boolean;
}

/** What is sent to a listener, and who listens. */
export interface Listening {
  /** sources that take deliveries; a paused one does so, too */
  sources: number;
  /** active remote bots that report later */
  reporters: number;
  /** since when the first of these has been there; null where there is none */
  since: Date | null;
  /** also those that have been silent for a while; the newest heartbeat first */
  listeners: Listener[];
}

export async function readListening(db: Db): Promise<Listening> {
  const { rows } = await sql<Omit<Listening, 'listeners'>>`
    WITH sending AS (
      SELECT b.created_at, b.api_endpoint LIKE 'in:%' AS is_source FROM bots b
      WHERE b.removed_at IS NULL
        AND (b.api_endpoint LIKE 'in:%' AND b.status IN ('active', 'paused')
             OR b.api_endpoint LIKE 'https://%' AND b.config ->> 'contract' = 'async' AND b.status = 'active')
    )
    SELECT count(*) FILTER (WHERE is_source)::int AS sources, count(*) FILTER (WHERE NOT is_source)::int AS reporters,
           min(created_at) AS since
    FROM sending`.execute(db);
  const listeners = await db
    .selectFrom('engine.listeners')
    .selectAll()
    .select(
      sql<boolean>`heartbeat_at > engine.now() - make_interval(secs => ${nodeTimeoutSeconds})`.as(
        'alive',
      ),
    )
    .orderBy('heartbeat_at', 'desc')
    .limit(1_000)
    .execute();
  return { ...rows[0]!, listeners };
}

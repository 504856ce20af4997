import type pg from 'pg';
import { forEngine, pool, shortStatements } from '../database/connect.ts';

/**
 * Connections for flushes: statements are sent without waiting for earlier answers, and are planned so that the plans stay right
 * as tables grow.
 */
export function openConnections(
  url: string,
  { name, max }: { name: string; max: number },
): pg.Pool {
  const connections = pool(url, { name, max, keep: true, ...shortStatements, ...forEngine });
  connections.on('connect', (client) => {
    Object.assign(client, { pipeline: true });
    // The lock timeout: a row that another transaction locks must not make the leases of a whole batch run out. The
    // plan settings: planning a statement again, or compiling it to machine code, costs more than a flush; and a plan
    // that was made while the tables were small must still be right when they have grown, so it uses indexes.
    const settings =
      "SET lock_timeout = '2s'; SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
    client.query(settings).catch(() => {});
  });
  return connections;
}

import type pg from 'pg';
import { forEngine, pool, shortStatements } from '../database/connect.ts';

/**
 * Connections that flushes are sent on: all statements of a flush without waiting for answers, with plans that stay
 * right as tables grow.
 */
export function openConnections(
  url: string,
  { name, max }: { name: string; max: number },
): pg.Pool {
  const connections = pool(url, { name, max, keep: true, ...shortStatements, ...forEngine });
  connections.on('connect', (client) => {
    Object.assign(client, { pipeline: true });
    // A row that another transaction holds must not make the leases of a whole batch run out. To plan a statement
    // again, or to compile it to machine code, costs more than a flush; a plan that was made while the tables
    // were small must still be right when they have grown: by key.
    const settings =
      "SET lock_timeout = '2s'; SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
    client.query(settings).catch(() => {});
  });
  return connections;
}

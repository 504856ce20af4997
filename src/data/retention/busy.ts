/** Whether the server has better things to do than to remove old rows. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export interface BusyLimits {
  /** sessions of clients that execute a statement at this moment, without this one */
  activeSessions: number;
  /** how long a transaction may have been open: rows that it can still see cannot be cleaned up */
  transactionSeconds: number;
  /** how far a replica may be behind */
  lagSeconds: number;
  lagBytes: number;
}

export const busyLimits: BusyLimits = {
  activeSessions: 20,
  transactionSeconds: 300,
  lagSeconds: 10,
  lagBytes: 64 * 1024 * 1024,
};

/**
 * Why to wait, as a text; null where nothing speaks against going on. A login that may not read what other logins do
 * (`pg_read_all_stats`) sees its own sessions and no replica's lag, and so goes by less.
 */
export async function whyBusy(db: Db, limits: BusyLimits): Promise<string | null> {
  const { rows } = await sql<{
    active: number;
    oldest: number | null;
    lag: number | null;
    behind: number | null;
  }>`
    SELECT (SELECT count(*)::int FROM pg_stat_activity
            WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()) AS active,
           (SELECT max(extract(epoch FROM statement_timestamp() - xact_start))::float8 FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()) AS oldest,
           replica.lag, replica.behind
    FROM (SELECT max(extract(epoch FROM replay_lag))::float8 AS lag,
                 CASE WHEN NOT pg_is_in_recovery() THEN max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn))::float8 END AS behind
          FROM pg_stat_replication) replica`.execute(db);
  const { active, oldest, lag, behind } = rows[0]!;
  if (active > limits.activeSessions) return 'many sessions are active';
  if (oldest !== null && oldest > limits.transactionSeconds)
    return 'a transaction is open for long';
  if ((lag ?? 0) > limits.lagSeconds || (behind ?? 0) > limits.lagBytes)
    return 'a replica is behind';
  return null;
}

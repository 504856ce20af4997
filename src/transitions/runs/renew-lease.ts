/**
 * Extends the leases of running runs.
 *
 * From: `running`, under its fence.
 * To: `running`, with a `lease_until` one lease length from now.
 * By: the worker that executes the runs; and a flush that had to wait, for the runs that it has locked.
 * Locks: bot_executions by id; rows that other transactions hold are skipped: each of these renews its own row's lease. In a
 *   flush nothing new.
 * Zero rows: the run was taken over or has ended, or the transaction that holds its row renews it.
 */
import { sql } from 'kysely';
import { statement } from '../../batch/statement.ts';
import { runsAsTable, isRunning, leaseSeconds, type Fenced } from '../../data/bots/fence.ts';
import type { Db } from '../../database/connect.ts';

/**
 * Skips locked rows: waiting for a row that one of its own transactions holds would let the leases of all the others
 * run out.
 */
export const renewLeases = (db: Db, runs: Fenced[]) =>
  sql`
    UPDATE bot_executions SET lease_until = engine.now() + make_interval(secs => ${leaseSeconds})
    WHERE id IN (
      -- Locks bot_executions by id; rows that others hold are skipped.
      SELECT e.id FROM bot_executions e JOIN ${runsAsTable(runs)} ON e.id = mine.id AND e.fence = mine.fence
      WHERE ${isRunning} ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED)`.execute(db);

/**
 * The worker does not renew rows that a flush holds: a flush that had to wait renews them at its end. `$1` are ids of
 * runs that go on.
 */
export const renewDelayed = statement(
  'renew',
  sql`
  UPDATE bot_executions e SET lease_until = engine.now() + make_interval(secs => ${sql.lit(leaseSeconds)})
  WHERE e.id = ANY ($1::uuid[]) AND ${isRunning}
    AND statement_timestamp() - transaction_timestamp() > interval '1 second'`,
);

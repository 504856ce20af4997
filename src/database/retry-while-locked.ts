import { setTimeout as sleep } from 'node:timers/promises';
import type { Transaction } from 'kysely';
import type { Database, Db } from './connect.ts';
import { meaningOf } from './faults/sql-states.ts';

/** The transaction is tried again for this long: Roundsman's other sessions wait as long for a lock (lock_timeout). */
const pollTimeoutMs = 10_000;
const pauseMs = 25;

/**
 * Runs a transaction whose statements never wait for a row (NOWAIT). When another transaction has locked a row, this
 * one is rolled back and tried again, so that it holds no lock while it waits. Rejects with the server's
 * lock_not_available after 10 s.
 */
export async function retryWhileLocked<Result>(
  db: Db,
  work: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> {
  for (const until = performance.now() + pollTimeoutMs; ; await sleep(pauseMs))
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      const isLocked = meaningOf(error)?.batch === 'waited';
      if (!isLocked || performance.now() > until) throw error;
    }
}

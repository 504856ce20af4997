import type { Transaction } from 'kysely';
import type { Database, Db } from './connect.ts';

/**
 * Runs `fn` in the transaction that was given, or in a new one. A failure in the caller's own transaction leaves
 * nothing behind either: PostgreSQL refuses further statements in it, so the caller has to roll it back.
 */
export const inTransaction = <Result>(
  db: Db,
  fn: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> =>
  db.isTransaction ? fn(db as Transaction<Database>) : db.transaction().execute(fn);

import type { Transaction } from 'kysely';
import type { Database, Db } from './connect.ts';

/**
 * Runs `fn` in the transaction that was given, or in one of its own. What fails in a caller's own
 * leaves nothing behind either: PostgreSQL takes nothing more of it, and it has to be rolled back.
 */
export const inTransaction = <Result>(
  db: Db,
  fn: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> =>
  db.isTransaction ? fn(db as Transaction<Database>) : db.transaction().execute(fn);

/** Locks rows in another transaction, so that a race has the same course every time. */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Database, Db } from '../../src/database/connect.ts';

/** Does `work` while a transaction of its own has locked the rows that `rows` selects. */
export const whileHeld = <Result>(
  db: Db,
  rows: RawBuilder<unknown>,
  work: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> =>
  db.transaction().execute(async (trx) => {
    await sql`${rows} FOR UPDATE`.execute(trx);
    return work(trx);
  });

/** A function for `expect.poll` that counts the sessions of this database that wait for a lock. */
export const waiting = (db: Db) => async (): Promise<number> => {
  const { rows } = await sql`
    SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(
    db,
  );
  return rows.length;
};

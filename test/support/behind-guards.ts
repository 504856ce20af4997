/** Writes rows that the triggers of the tables would refuse: rows of a bad restore, or of a time before the triggers. */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../src/database/connect.ts';

/**
 * Runs `write` in a transaction in which no trigger fires, not even those of foreign keys; CHECKs are still checked. The
 * login has to be a superuser.
 */
export const behindGuards = <Result>(
  db: Db,
  write: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> =>
  db.transaction().execute(async (trx) => {
    await sql`SET LOCAL session_replication_role = replica`.execute(trx);
    return write(trx);
  });

/** Writes what no guard lets in: rows of a bad restore, of a time before the guards. */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../src/database/connect.ts';

/** A transaction in which no trigger fires, foreign keys' included; CHECKs hold. A superuser may. */
export const behindGuards = <Result>(
  db: Db,
  write: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> =>
  db.transaction().execute(async (trx) => {
    await sql`SET LOCAL session_replication_role = replica`.execute(trx);
    return write(trx);
  });

import type { Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';

/** Ends the transaction with what was found out in it. */
class FoundOut<Result> extends Error {
  readonly result: Result;

  constructor(result: Result) {
    super('rolled back on purpose');
    this.result = result;
  }
}

/** Makes changes in a transaction that is rolled back, and returns what they led to. Rows are locked only meanwhile. */
export async function tryOut<Result>(
  db: Db,
  work: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> {
  try {
    return await db.transaction().execute(async (trx) => {
      throw new FoundOut(await work(trx));
    });
  } catch (error) {
    if (error instanceof FoundOut) return error.result as Result;
    throw error;
  }
}

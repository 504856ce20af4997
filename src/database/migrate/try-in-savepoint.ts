import { sql, type Transaction } from 'kysely';
import { stateOf } from '../faults/sql-states.ts';

/**
 * Runs a part of a transaction that the server may refuse. On a refusal, what `work` did is rolled back, `ok` is false,
 * and the transaction can go on. Other errors are thrown.
 */
export async function tryInSavepoint<Result>(
  trx: Transaction<any>,
  work: () => Promise<Result>,
): Promise<{ ok: true; result: Result } | { ok: false; error: unknown }> {
  await sql`SAVEPOINT tried`.execute(trx);
  try {
    return { ok: true, result: await work() };
  } catch (error) {
    if (stateOf(error) === '') throw error;
    await sql`ROLLBACK TO SAVEPOINT tried`.execute(trx);
    return { ok: false, error };
  }
}

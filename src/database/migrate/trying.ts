/** A part of a transaction that the server may refuse. */
import { sql, type Transaction } from 'kysely';
import { stateOf } from '../faults/sql-states.ts';

/** Undoes what `work` did when the server refuses a part of it, and goes on. */
export async function trying<Result>(
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

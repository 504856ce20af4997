/** Who applies an action, or takes it back, when two runs have found the same one. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../database/connect.ts';

/**
 * Waits until no other transaction applies this action or takes it back; the turn ends with the transaction. It locks
 * no row, so that a remedy may lock bots before the action's memory and the action itself are locked (docs/protocol.md).
 * Whoever comes second asks what the first one has left.
 */
export async function takeTurn(trx: Transaction<Database>, { id }: { id: string }): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`action ${id}`}::text, 0))`.execute(
    trx,
  );
}

/** What was to be recorded has ended in another way while it was carried out: all of it is rolled back. */
export class EndedMeanwhileError extends Error {
  constructor() {
    super('the action has ended meanwhile');
    this.name = 'EndedMeanwhileError';
  }
}

/** Decides which run applies an action, or undoes it, when two runs have found the same one. */
import { sql, type Transaction } from 'kysely';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import type { Database, Db } from '../database/connect.ts';

/** The action has ended in another way while this transaction carried it out: the transaction is rolled back. */
export class EndedMeanwhileError extends Error {
  constructor() {
    super('the action has ended meanwhile');
    this.name = 'EndedMeanwhileError';
  }
}

/**
 * One transaction under the run's fence. No other transaction that applies or undoes this action runs at the same time:
 * the second one waits, and then reads the result of the first one. This is an advisory lock and locks no row, so a
 * remedy may lock bots before the action's memory and the action itself are locked (docs/protocol.md). Returns null,
 * and writes nothing, when `work` throws {@link EndedMeanwhileError}.
 */
export const inTurn = <Result>(
  db: Db,
  run: Fenced,
  { id }: { id: string },
  work: (trx: Transaction<Database>) => Promise<Result | null>,
): Promise<Result | null> =>
  underFence(db, run, async (trx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`action ${id}`}::text, 0))`.execute(
      trx,
    );
    return work(trx);
  }).catch((error: unknown) => {
    if (error instanceof EndedMeanwhileError) return null;
    throw error;
  });

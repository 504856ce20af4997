import type { Transaction } from 'kysely';
import type { Database, Db } from '../connect.ts';

/** A start of a run: every write that belongs to it names both. */
export interface Fenced {
  id: string;
  fence: string;
}

/** Another start took the run over, or it was ended from outside: its results are dropped. */
export class LostRunError extends Error {
  constructor({ id, fence }: Fenced) {
    super(`run ${id} is no longer held under fence ${fence}`);
    this.name = 'LostRunError';
  }
}

/**
 * One recording transaction of a run: locks its row first and goes on only while the run is still
 * running under this fence. Throws {@link LostRunError} otherwise; then nothing was written.
 */
export const underFence = <Result>(
  db: Db,
  { id, fence }: Fenced,
  write: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> =>
  db.transaction().execute(async (trx) => {
    const held = await trx
      .selectFrom('bot_executions')
      .select('id')
      .where('id', '=', id)
      .where('fence', '=', fence)
      .where('status', '=', 'running')
      .forUpdate()
      .executeTakeFirst();
    if (!held) throw new LostRunError({ id, fence });
    return write(trx);
  });

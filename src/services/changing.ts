/** Runs a change of definitions in one transaction that says who makes it, and from where. */
import type { Transaction } from 'kysely';
import { noteContext } from '../database/rows/change-context.ts';
import type { Database, Db } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import { storable } from '../ground/text.ts';
import type { Actor } from './actor.ts';

/** In the caller's transaction, if `db` is one. `why` is the reason that the person gave, for the history. */
export const changing = <Result>(
  { db, actor }: { db: Db; actor: Actor },
  work: (trx: Transaction<Database>) => Promise<Result>,
  why?: string | null,
): Promise<Result> =>
  inTransaction(db, async (trx) => {
    await noteContext(trx, {
      actor: storable(actor.name),
      source: actor.source ?? 'application',
      place: actor.place == null ? null : storable(actor.place),
      why: why ?? actor.why,
    });
    return work(trx);
  });

/** How far the errors of error_logs are counted into groups, and the lock that whoever changes groups takes first. */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';

export interface ErrorCursor {
  xact_id: string;
  error_id: string;
  /** the id of the next template */
  next_id: string;
  version: string;
  caught_up_at: Date | null;
}

/** Groups of errors were changed by another process between reading and writing. Trying again can help. */
export class ErrorGroupsChangedError extends RoundsmanError {
  override readonly retryable = true;
}

/** The server that answers. A restore into another one carries the name of the old one in the cursor. */
export const thisServer = sql<string>`(SELECT system_identifier::text FROM pg_control_system())`;

const columns = ['xact_id', 'error_id', 'next_id', 'version', 'caught_up_at'] as const;

export const readCursor = async (db: Db): Promise<ErrorCursor> =>
  db.selectFrom('engine.error_cursor').select(columns).executeTakeFirstOrThrow();

/**
 * Locks the cursor until the transaction ends, and raises its version. With `seen`, it has to be at that version still: throws
 * {@link ErrorGroupsChangedError}.
 */
export async function lockErrorGroups(
  trx: Transaction<Database>,
  seen?: ErrorCursor,
): Promise<ErrorCursor> {
  const cursor = await trx
    .updateTable('engine.error_cursor')
    .set({ version: sql`version + 1` })
    .returning(columns)
    .executeTakeFirstOrThrow();
  if (seen && BigInt(cursor.version) !== BigInt(seen.version) + 1n)
    throw new ErrorGroupsChangedError({
      what: 'the errors are not counted into their groups yet',
      why: 'another process changed the groups meanwhile',
      hint: 'nothing was written; try again',
    });
  return cursor;
}

/** Draws ids up to `next_id`. Only for who has locked the cursor. */
export async function drawIds(trx: Transaction<Database>, next_id: string): Promise<void> {
  await trx.updateTable('engine.error_cursor').set({ next_id }).execute();
}

/** Moves the cursor, and notes of which server's transactions it speaks. Only for who has locked it. */
export async function moveCursor(
  trx: Transaction<Database>,
  to: { xact_id: string; error_id: string; next_id: string },
): Promise<void> {
  await trx
    .updateTable('engine.error_cursor')
    .set({ ...to, system_identifier: thisServer })
    .execute();
}

/** Every error that was committed before now is counted. */
export async function noteCaughtUp(trx: Transaction<Database>): Promise<void> {
  await trx
    .updateTable('engine.error_cursor')
    .set({ caught_up_at: sql`engine.now()` })
    .execute();
}

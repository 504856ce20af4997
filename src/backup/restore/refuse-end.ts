import type pg from 'pg';
import { stateOf } from '../../database/faults/sql-states.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { RestoreFailedError } from './failed.ts';

/** A statement of the backup has ended the transaction of its restore: what came before it stays in the database. */
export class TransactionEndedError extends RoundsmanError {
  constructor(cause?: unknown) {
    super(
      {
        what: 'the restore was broken off, and a part of it stays in the database',
        why: 'a statement of the file has ended its transaction, which no backup does: the file was changed',
        hint: 'drop that database, find out who changed the file, and use another backup',
      },
      { cause },
    );
  }
}

/** What ends or begins a transaction, behind comments. */
const word =
  /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(BEGIN|START|COMMIT|END|ROLLBACK|ABORT|PREPARE|SAVEPOINT|RELEASE)\b/i;

/**
 * A restore is one transaction. pg_dump writes no statement that ends it; one in a file that was changed would keep a part of the
 * restore when the rest fails. Throws RestoreFailedError.
 */
export function refuseEndOfTransaction(statement: string): void {
  const [, found] = word.exec(statement) ?? [];
  if (found !== undefined)
    throw new RestoreFailedError({
      what: 'the backup could not be restored; the database is as it was',
      why: `it has a statement that no backup has: ${found.toUpperCase()}`,
      hint: 'find out who changed the file, and use another backup: `npx roundsman db backups` lists them',
    });
}

/** No transaction is active, and no such savepoint. */
const ended = new Set(['25P01', '3B001']);

/** Has the client's transaction go on behind a failed statement. Throws {@link TransactionEndedError} where there is none any more. */
export async function rollBackTo(client: pg.ClientBase, savepoint: string): Promise<void> {
  try {
    await client.query(`ROLLBACK TO SAVEPOINT ${savepoint}`);
  } catch (error) {
    throw ended.has(stateOf(error) ?? '') ? new TransactionEndedError(error) : error;
  }
}

/** The id of the client's transaction. */
export async function transactionOf(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
  return rows[0]!.id;
}

import { randomBytes } from 'node:crypto';
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

/** Made at the beginning of a restore: it is there as long as the transaction is the same one. A file cannot know its name. */
const first = `restore_began_${randomBytes(8).toString('hex')}`;

export const markBegin = (client: pg.ClientBase) => client.query(`SAVEPOINT ${first}`);

/**
 * Has the client's transaction go on behind a failed statement. False where that was sent together with its savepoint and could not be
 * parsed: neither was carried out, and the transaction cannot go on. Throws {@link TransactionEndedError} where it is another one.
 */
export async function rollBackTo(client: pg.ClientBase, savepoint: string): Promise<boolean> {
  try {
    await client.query(`ROLLBACK TO SAVEPOINT ${savepoint}`);
    return true;
  } catch (error) {
    if (!ended.has(stateOf(error) ?? '')) throw error;
    if (savepoint === first) throw new TransactionEndedError(error);
    await rollBackTo(client, first);
    return false;
  }
}

/** The id of the client's transaction. */
export async function transactionOf(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
  return rows[0]!.id;
}

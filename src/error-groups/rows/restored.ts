/**
 * Ids of transactions mean something on the server that gave them alone. After a restore into another server, rows carry ids that this
 * one has not given yet, and new rows get ids below the cursor.
 */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { thisServer } from './cursor.ts';

export interface Foreign {
  /** the cursor comes from another server than the one that answers */
  cursor: boolean;
  /** rows carry ids that this server has not given yet: of the other server, or named by who wrote them */
  rows: boolean;
}

const ahead = sql`xact_id >= pg_snapshot_xmax(pg_current_snapshot())`;

/** A cursor of before its server was noted counts as another one's if there are such rows. */
export async function findForeign(db: Db): Promise<Foreign> {
  const { rows } = await sql<Foreign>`
    SELECT coalesce(c.system_identifier <> ${thisServer}, r.ahead)
           OR c.xact_id > pg_snapshot_xmax(pg_current_snapshot()) AS cursor,
           r.ahead AS rows
    FROM engine.error_cursor c, (SELECT EXISTS (SELECT FROM error_logs WHERE ${ahead}) AS ahead) r`.execute(
    db,
  );
  return rows[0]!;
}

/** Has the cursor begin anew on this server. Errors that were counted stay counted once: `readErrors` knows them. */
export async function beginAnew(trx: Transaction<Database>): Promise<void> {
  await trx
    .updateTable('engine.error_cursor')
    .set({
      xact_id: '0',
      error_id: '00000000-0000-0000-0000-000000000000',
      version: sql`version + 1`,
      system_identifier: thisServer,
    })
    .execute();
}

/** Gives at most `maxRows` rows whose ids are ahead one of this server's. Returns how many; call it until it returns 0. */
export async function renumberRows(trx: Transaction<Database>, maxRows: number): Promise<number> {
  const { numAffectedRows } = await sql`
    UPDATE error_logs SET xact_id = pg_current_xact_id()
    WHERE id = ANY (ARRAY(SELECT id FROM error_logs WHERE ${ahead} ORDER BY xact_id DESC, id DESC LIMIT ${maxRows}))`.execute(
    trx,
  );
  return Number(numAffectedRows ?? 0);
}

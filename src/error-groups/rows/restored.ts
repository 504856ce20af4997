/**
 * Ids of transactions mean something on the server that gave them alone. After a restore into another server, rows carry ids that this
 * one has not given yet, and new rows get ids below the cursor.
 */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';

/** Whether the cursor and the rows come from another server than the one that answers. */
export async function isRestored(db: Db): Promise<boolean> {
  const { rows } = await sql<{ restored: boolean }>`
    SELECT coalesce(c.system_identifier <> s.system_identifier::text, false)
        OR c.xact_id > pg_snapshot_xmax(pg_current_snapshot())
        OR coalesce((SELECT max(xact_id) FROM error_logs) >= pg_snapshot_xmax(pg_current_snapshot()), false) AS restored
    FROM engine.error_cursor c, pg_control_system() s`.execute(db);
  return rows[0]!.restored;
}

/**
 * Has the cursor begin anew on this server, and gives at most `maxRows` rows that came from the other one an id of this server's.
 * Returns how many; call it until it returns 0. Errors that were counted stay counted once: {@link readErrors} knows them.
 */
export async function beginAnew(trx: Transaction<Database>, maxRows: number): Promise<number> {
  await sql`
    UPDATE engine.error_cursor SET xact_id = '0', error_id = '00000000-0000-0000-0000-000000000000', version = version + 1,
      system_identifier = (SELECT system_identifier::text FROM pg_control_system())`.execute(trx);
  const { numAffectedRows } = await sql`
    UPDATE error_logs SET xact_id = pg_current_xact_id()
    WHERE id = ANY (ARRAY(SELECT id FROM error_logs WHERE xact_id >= pg_snapshot_xmax(pg_current_snapshot())
                          ORDER BY xact_id DESC, id DESC LIMIT ${maxRows}))`.execute(trx);
  return Number(numAffectedRows ?? 0);
}

/**
 * A copy was restored from a backup: it was equal, or it was not, or could not be restored.
 *
 * From: success.
 * To: `proven_at` set and an earlier failure cleared, or `proof_failed_at` and `proof_error` set.
 * By: whoever made the backup or verifies it.
 * Locks: the backup.
 * Zero rows: the backup did not succeed.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** `error`: null where the copy was equal. */
export async function noteProof(db: Db, id: string, error: string | null): Promise<void> {
  await db
    .updateTable('engine.backups')
    .set(
      error === null
        ? { proven_at: sql<Date>`engine.now()`, proof_failed_at: null, proof_error: null }
        : { proof_failed_at: sql<Date>`engine.now()`, proof_error: error },
    )
    .where('id', '=', id)
    .where('outcome', '=', 'success')
    .execute();
}

/** Seals every stored secret with the newest key of the ring. */
import { sql } from 'kysely';
import { RoundsmanError } from '../../ground/errors.ts';
import type { Db } from '../../database/connect.ts';
import type { KeyRing } from '../../ground/secrets/key-ring.ts';
import { rewrap } from '../../ground/secrets/sealing.ts';
import { identityOf } from './rows.ts';

export interface Rotated {
  /** names of the secrets that this call sealed with the newest key */
  rotated: string[];
  /** names of those that it had sealed already */
  current: string[];
  /** those that stay as they were, and why */
  failed: { name: string; why: string }[];
}

/**
 * Seals all secrets in one transaction that locks the rows: a value that is stored at the same time waits, or is the one that
 * is sealed. The values themselves are not opened; only their data keys are wrapped again. A secret for which this fails
 * does not stop the others.
 */
export const rotateSecrets = (db: Db, ring: KeyRing): Promise<Rotated> =>
  db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom('engine.secrets')
      .selectAll()
      .where('sealed', 'is not', null)
      .orderBy('name')
      .forUpdate()
      .execute();
    const outcome: Rotated = { rotated: [], current: [], failed: [] };
    for (const row of rows) {
      const { name } = row;
      try {
        const sealed = { text: row.sealed!, keyId: row.key_id! };
        const { text, keyId } = rewrap(ring, identityOf(row), sealed);
        if (row.key_id === ring.current) {
          outcome.current.push(name);
          continue;
        }
        await trx
          .updateTable('engine.secrets')
          .set({ sealed: text, key_id: keyId, rotated_at: sql<Date>`engine.now()` })
          .where('name', '=', name)
          .execute();
        outcome.rotated.push(name);
      } catch (error) {
        if (!(error instanceof RoundsmanError)) throw error;
        outcome.failed.push({ name, why: error.why });
      }
    }
    return outcome;
  });

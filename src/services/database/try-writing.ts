import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

class RolledBack extends Error {}

/** Writes a real row and rolls it back: only a real write notices a full disk. */
export async function tryWriting(db: Db): Promise<void> {
  const { rows } = await sql`SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'engine' AND c.relname = 'settings' AND has_table_privilege(c.oid, 'INSERT')
      AND has_schema_privilege(n.oid, 'USAGE')`.execute(db);
  if (rows.length === 0) return; // Other examinations report a schema or a right that is missing.
  await db
    .transaction()
    .execute(async (trx) => {
      const key = `doctor-${randomUUID()}`;
      await trx.insertInto('engine.settings').values({ key, value: 'true' }).execute();
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
}

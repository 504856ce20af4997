/** Settings that the project's `roundsman.config.ts` gives a database, beside those that people have set. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** Who has changed a setting that came from the config. */
export const byConfig = 'roundsman.config.ts';

/**
 * Sets those that have no value yet, or one of an earlier config; a value that a person has set stays. Takes the values of earlier configs
 * away for all other settings. Returns the names of those that now have the config's value.
 */
export async function writeConfigSettings(
  db: Db,
  given: readonly { name: string; value: unknown }[],
): Promise<string[]> {
  const rows = JSON.stringify(given.map(({ name, value }) => ({ key: name, value })));
  // Locks engine.settings by key.
  const written = await sql<{ key: string }>`
    INSERT INTO engine.settings AS s (key, value, changed_at, changed_by)
    SELECT g.key, g.value, engine.now(), ${byConfig} FROM jsonb_to_recordset(${rows}::jsonb) AS g (key text, value jsonb)
    ORDER BY g.key
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
    WHERE s.changed_by = ${byConfig} AND s.value IS DISTINCT FROM excluded.value
    RETURNING s.key`.execute(db);
  await sql`
    DELETE FROM engine.settings WHERE key IN (
      SELECT s.key FROM engine.settings s
      WHERE s.changed_by = ${byConfig} AND s.key NOT IN (
        SELECT g.key FROM jsonb_to_recordset(${rows}::jsonb) AS g (key text))
      -- Locks engine.settings by key.
      ORDER BY s.key FOR UPDATE)`.execute(db);
  return written.rows.map(({ key }) => key);
}

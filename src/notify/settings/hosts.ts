import { sql, type Kysely } from 'kysely';
import type { Database } from '../../database/connect.ts';
import type { Notifications } from './schema.ts';

/**
 * Receivers whose addresses may be other than public: those of the document, and those of the setting `http_hosts`. Every
 * channel may reach the host that its config names, as far as that has public addresses.
 */
export async function allowedHosts(
  db: Kysely<Database>,
  settings: Notifications | null,
): Promise<unknown[]> {
  const { rows } = await sql<{ value: unknown }>`
    SELECT value FROM engine.settings WHERE key = 'http_hosts'`.execute(db);
  const value = rows[0]?.value;
  return [...(settings?.hosts ?? []), ...(Array.isArray(value) ? value : [])];
}

/** The hosts that requests may go to although their addresses are not public: `http_hosts` of the settings. */
import { sql } from '../../src/bot.ts';
import type { AnyContext } from '../../src/bot.ts';

/** The value as it is stored: src/outbound/hosts.ts reads it, and takes anything that is no list as an empty one. */
export async function readHttpHosts(db: AnyContext['db']): Promise<unknown> {
  const { rows } = await sql<{ value: unknown }>`
    SELECT value FROM engine.settings WHERE key = 'http_hosts'`.execute(db);
  return rows[0]?.value;
}

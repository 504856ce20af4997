import { sql } from 'kysely';
import type { Bot } from '../../src/bot.ts';
import type { Db } from '../../src/database/connect.ts';

/** With what the engine would ask the checks of a bot. */
export interface Registered {
  config: Record<string, unknown>;
  /** by the names of the checks */
  memories: Record<string, unknown>;
}

/** Reads the settings of a bot and what its checks remember from their rows; both are empty where it has none. */
export async function registered(db: Db, { name }: Pick<Bot, 'name'>): Promise<Registered> {
  const { rows } = await sql<Registered>`
    SELECT b.config, coalesce((SELECT jsonb_object_agg(check_name, remembered) FROM engine.check_memories WHERE bot_id = b.id), '{}') AS memories
    FROM bots b WHERE b.catalogue_name = ${name}`.execute(db);
  return rows[0] ?? { config: {}, memories: {} };
}

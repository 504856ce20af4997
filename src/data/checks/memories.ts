import type { Db } from '../../database/connect.ts';

/** What the last recorded result of this check asked to remember; null before the first one. */
export async function checkMemory(db: Db, botId: string, check: string): Promise<unknown> {
  const row = await db
    .selectFrom('engine.check_memories')
    .select('remembered')
    .where('bot_id', '=', botId)
    .where('check_name', '=', check)
    .executeTakeFirst();
  return row?.remembered ?? null;
}

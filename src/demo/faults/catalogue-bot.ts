/** Settings and memories of the catalogue's own bots, for faults that only a bot with these can find. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';

/** A fault needs a setting or the memory of a bot of the catalogue that was removed from this database. Nothing was planted. */
export class NoBotForFaultError extends RoundsmanError {
  constructor(name: string) {
    super({
      what: `the fault needs the bot ${name}`,
      why: 'it was removed from this database',
      hint: `\`npx roundsman bots enable ${name}\` brings it back`,
    });
  }
}

type Settings = Record<string, unknown>;

/** Puts these settings into those of the bot. Of a setting that is a map, the other keys stay. */
export async function changeSettings(db: Db, bot: string, changes: Settings): Promise<void> {
  const row = await db
    .selectFrom('bots')
    .select(['id', 'config'])
    .where('catalogue_name', '=', bot)
    .where('removed_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  if (!row) throw new NoBotForFaultError(bot);
  const config = { ...(row.config as Settings) };
  for (const [key, value] of Object.entries(changes))
    config[key] = isMap(value) && isMap(config[key]) ? { ...config[key], ...value } : value;
  await db
    .updateTable('bots')
    .set({ config: JSON.stringify(config) })
    .where('id', '=', row.id)
    .execute();
}

const isMap = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Has the check remember this, as if its last run had. */
export async function plantMemory(
  db: Db,
  { bot, check }: { bot: string; check: string },
  remembered: unknown,
): Promise<void> {
  const { numAffectedRows } = await sql`
    INSERT INTO engine.check_memories (bot_id, check_name, remembered, last_fence)
    SELECT id, ${check}, ${JSON.stringify(remembered)}::jsonb, 0 FROM bots WHERE catalogue_name = ${bot} AND removed_at IS NULL
    ON CONFLICT (bot_id, check_name) DO UPDATE SET remembered = excluded.remembered, updated_at = engine.now()`.execute(
    db,
  );
  if (numAffectedRows !== 1n) throw new NoBotForFaultError(bot);
}

/** The gate `storm`, and what it asks about a bot. */
import { sql } from 'kysely';
import { healingLimit } from '../data/bots/healing-limits.ts';
import { brokenOf, knownOrBroken } from '../data/bots/storms.ts';
import type { Db } from '../database/connect.ts';

export interface StormInputs {
  broken_components: number;
  known_components: number;
  /** limits; null where they cannot be read */
  storm_components: number | null;
  storm_share: number | null;
}

/** Whether the gate is closed. */
export const isStorm = ({
  broken_components,
  known_components,
  storm_components,
  storm_share,
}: StormInputs): boolean =>
  storm_components === null ||
  storm_share === null ||
  (broken_components >= storm_components && broken_components > known_components * storm_share);

/** How much of a bot is broken, and how many components it has, in one row. */
export const componentsOf = (botId: string) => sql`
      SELECT n.broken AS broken_components, ${knownOrBroken(sql`n.broken`, sql`n.known`)} AS known_components
      FROM ${brokenOf(sql`${botId}::uuid`)} n`;

export const stormLimits = sql`${healingLimit('storm_components')} AS storm_components, ${healingLimit('storm_share')} AS storm_share`;

/** What the gate asks about a bot, and whether the gate is closed for all of its findings. */
export async function readStorm(
  db: Db,
  botId: string,
): Promise<StormInputs & { isClosed: boolean }> {
  const { rows } = await sql<StormInputs>`
    SELECT broken.*, ${stormLimits} FROM (${componentsOf(botId)}) broken`.execute(db);
  return { ...rows[0]!, isClosed: isStorm(rows[0]!) };
}

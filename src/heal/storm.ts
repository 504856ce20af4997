/** The gate `storm`: what it asks, and what is known of a bot's storm between its runs. */
import { sql } from 'kysely';
import { isPending, stormFor } from '../data/bots/pending-tickets.ts';
import type { Db } from '../database/connect.ts';
import { countsAsBroken } from '../data/bots/bot-findings.ts';
import { healingLimit } from '../data/bots/healing-limits.ts';

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

/** How much of a bot is broken, and how many components it has; `examined` is 0 where no run could tell. */
export const brokenOf = (botId: string, examined: number) => sql`
      SELECT count(DISTINCT f.affected_component)::int AS broken_components,
             greatest(count(DISTINCT f.affected_component), ${examined}::int)::int AS known_components
      FROM bot_findings f WHERE f.bot_id = ${botId}::uuid AND ${countsAsBroken('f')}`;

export const stormLimits = sql`${healingLimit('storm_components')} AS storm_components, ${healingLimit('storm_share')} AS storm_share`;

/** A number of components that no check reaches. */
export const countless = 2_147_483_647;

/**
 * How many components the bot's next run looks at, as far as the ticket of its storm tells: the end of each run writes it
 * there. 0 where no run could tell, which the gate takes for a storm; null where no ticket stands for a storm.
 */
export async function examinedInStorm(db: Db, botId: string): Promise<number | null> {
  const ticket = await db
    .selectFrom('bot_tickets')
    .select(
      sql<number | null>`CASE jsonb_typeof(metadata #> '{storm,of}') WHEN 'number'
        THEN least(greatest((metadata #>> '{storm,of}')::numeric, 0), ${sql.lit(countless)})::int END`.as(
        'of',
      ),
    )
    .where('bot_id', '=', botId)
    .where('fingerprint', '=', stormFor(botId))
    .where(isPending())
    .executeTakeFirst();
  return ticket ? (ticket.of ?? 0) : null;
}

/** The gate for a bot, without an entry: what is broken now, by which limits, and whether it is closed. */
export async function readStorm(
  db: Db,
  botId: string,
): Promise<StormInputs & { isClosed: boolean }> {
  const examined = (await examinedInStorm(db, botId)) ?? countless;
  const { rows } = await sql<StormInputs>`
    SELECT broken.*, ${stormLimits} FROM (${brokenOf(botId, examined)}) broken`.execute(db);
  return { ...rows[0]!, isClosed: isStorm(rows[0]!) };
}

import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/**
 * For how many days deliveries are kept, and with them the ids by which a repetition is recognised. An event that is older is not read
 * anyway (`max_age_hours`, seven days at most).
 */
export const keptDays = 30;

/** How many of a source's newest deliveries are kept at most, once they are read. */
export const keptDeliveries = 1_000_000;

/**
 * Removes old deliveries that their bot has read, `maxRows` at most, and returns how many. Those that wait stay, however old they are, except
 * of a bot that was removed.
 */
export async function removeOldDeliveries(
  trx: Transaction<Database>,
  maxRows: number,
): Promise<number> {
  const { numAffectedRows } = await sql`
    WITH readers AS (
      SELECT s.bot_id, s.last_number, b.removed_at,
             coalesce((SELECT (m.remembered ->> 'read')::bigint FROM engine.check_memories m
                       WHERE m.bot_id = s.bot_id AND m.check_name = 'deliveries'), 0) AS read
      FROM engine.sources s JOIN bots b ON b.id = s.bot_id
    )
    DELETE FROM engine.inbox WHERE (bot_id, number) IN (
      SELECT i.bot_id, i.number FROM readers r JOIN engine.inbox i ON i.bot_id = r.bot_id
      WHERE (i.received_at < engine.now() - make_interval(days => ${keptDays}) OR i.number <= r.last_number - ${keptDeliveries})
        AND (i.number <= r.read OR r.removed_at IS NOT NULL)
      -- Locks engine.inbox in no fixed order; rows that others hold are skipped.
      LIMIT ${maxRows} FOR UPDATE OF i SKIP LOCKED)`.execute(trx);
  return Number(numAffectedRows ?? 0);
}

/**
 * A channel that was off, waited, or could not be used, is used again.
 *
 * From: off, waiting or unusable.
 * To: on. Its ticket is ended before that (`end-ticket.ts`).
 * By: a person who changes the channel, or switches it on.
 * Locks: the row of engine.channels.
 * Zero rows: the channel is on.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** Returns whether the channel was off, or its receiver had asked to wait. */
export async function switchOn(trx: Transaction<Database>, channel: string): Promise<boolean> {
  const { rows } = await sql<{ was_on: boolean }>`
    UPDATE engine.channels c SET off_since = NULL, off_reason = NULL, unusable_since = NULL, unusable_reason = NULL,
      wait_until = NULL
    FROM engine.channels before
    WHERE c.name = ${channel} AND before.name = c.name
      AND (c.off_since IS NOT NULL OR c.wait_until IS NOT NULL OR c.unusable_since IS NOT NULL)
    RETURNING before.off_since IS NULL AND before.wait_until IS NULL AS was_on`.execute(trx);
  return rows.some(({ was_on }) => !was_on);
}

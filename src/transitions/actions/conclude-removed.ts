/**
 * Nothing looks any more at what a removed bot's cures did.
 *
 * From: `intent`, `applied`, `verified`, `unknown`, of a removed bot.
 * To: `aborted` from an intent that was not begun; `undecided` from `applied` and `verified`; `aborted` from `unknown`,
 *   with who removed the bot in the evidence. An effect outside that was begun is left to be asked about, should the bot
 *   be enabled again.
 * By: as close-removed.ts says.
 * Locks: actions; the transaction holds their bots and memories.
 * Zero rows: none is unfinished or waits to be judged.
 */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { concluded } from '../concluded.ts';

export async function concludeRemoved(
  trx: Transaction<Database>,
  bots: string[],
  by: string,
): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET ${concluded('state', 'aborted')}, error_message = 'its bot was removed before it was applied'
    WHERE bot_id = ANY (${bots}::uuid[]) AND state = 'intent' AND NOT evidence ? 'begun'`.execute(
    trx,
  );
  await sql`
    UPDATE bot_actions
    SET ${concluded('state', 'undecided')}, success = false,
        error_message = 'its bot was removed before it could be told whether it helped'
    WHERE bot_id = ANY (${bots}::uuid[]) AND state IN ('applied', 'verified')
      -- What the platform's own code wrote is over.
      AND fingerprint NOT LIKE 'external-%'`.execute(trx);
  const said = JSON.stringify({ settled: { by, notes: 'Its bot was removed.' } });
  await sql`
    UPDATE bot_actions SET ${concluded('state', 'aborted')}, evidence = evidence || ${said}::jsonb
    WHERE bot_id = ANY (${bots}::uuid[]) AND state = 'unknown'`.execute(trx);
}
